import { expect } from 'bun:test'
import { besideStock } from './beside-stock.ts'
import type { Door } from './side.ts'
import { openStage } from './stage.ts'
import { exchange, type Message } from './wire.ts'
import { type WireCase, wireCases } from './wire-cases.ts'

/** Each server's own: names of things, moments, and how it says where a body ends. */
const own =
  /^(?:date|audit-id|x-kubernetes-pf-.*|content-length|transfer-encoding|vary)$|^(?:alt-svc|keep-alive)$/

/** What tells clients how to go on; that of a document only begins to. */
function seen({ line, headers, body }: Message): object {
  const kept = Object.entries(headers).filter(
    ([name, value]) => !own.test(name) && !(name === 'connection' && value === 'keep-alive'),
  )
  // Node's parser answers in its own version whatever it was asked in.
  return { line: line.replace('HTTP/1.0', 'HTTP/1.1'), headers: Object.fromEntries(kept), body: told(body) }
}

function told(body: string): unknown {
  if (!body.startsWith('{')) return body
  const { kind, gitVersion, ...rest } = JSON.parse(body) as Record<string, unknown>
  if (gitVersion !== undefined) return 'the version'
  return kind === 'Status' ? rest : kind
}

const answerOf = async (door: Door, { pieces }: WireCase) => (await exchange(door, pieces)).map(seen)

/** Why those that differ do: what node's parser (llhttp) decides before anybody here sees a request, mostly. */
const reasons: readonly (readonly [reason: string, names: readonly string[]])[] = [
  [
    'the parser knows the methods of HTTP by name',
    [
      'line: a method of its own',
      'line: a method of its own of pods',
      'line: a method in small letters',
      'line: a long method',
      'line: PRI',
      'PRI',
    ],
  ],
  [
    'the parser knows the versions 0.9, 1.0, 1.1 and 2.0, and takes a line without any for 0.9',
    ['line: HTTP/1.2', 'line: HTTP/3.0', 'line: HTTP/0.9'],
  ],
  [
    'the parser overlooks line feeds before a request and a second space in its line',
    ['line: two spaces', 'line: line feeds before', 'line: nothing but line feeds'],
  ],
  [
    'the parser takes no bare line feeds, no folded lines, no other bytes than ASCII and no authority in a line',
    [
      'line: bare line feeds',
      'header: bare line feeds',
      'header: a folded header',
      'header: a space before the name',
      'header: a space before the colon',
      'line: raw bytes in the path',
      'line: an authority',
    ],
  ],
  [
    'the parser refuses what says twice where a body ends: requests are smuggled so',
    [
      'body: the same length twice',
      'body: chunks with a trailer that frames',
      'body: chunks and a length',
      'body: a length and chunks',
      'body: a transfer of identity',
    ],
  ],
  [
    'a broken chunk is the fault of who sent it: 400, where a stock server answers 500',
    [
      'body: a chunk of no number',
      'body: a chunk below 0',
      'body: a chunk in 0x',
      'body: a chunk beyond numbers',
      'body: a chunk that is longer',
      'body: a chunk without a size',
      'body: chunks between line feeds',
      'body: no end of the chunks',
    ],
  ],
  [
    'the connection ends, and says so, where it would go on: after HTTP/1.0, CONNECT and wishes to upgrade',
    [
      'line: HTTP/1.0',
      'line: HTTP/1.0 that stays',
      'line: HTTP/1.0 without Host',
      'line: CONNECT of a host',
      'line: CONNECT of a path',
      'line: CONNECT of pods',
      'header: a wish to upgrade to HTTP/2',
      'header: a wish to upgrade to what is not there',
      'header: a wish to speak WebSocket',
      'header: a wish to speak SPDY',
    ],
  ],
  ['a body is read before it is known that nobody takes it', ['body: Expect, and who may not']],
]
const listed = new Set(reasons.flatMap(([, names]) => names))

besideStock({
  subject: 'requests byte by byte',
  claim: 'are answered alike, but for what a parser decides that is not ours',
  open: openStage,
  async compare({ ours, theirs }) {
    const differing: string[] = []
    const unlisted: object[] = []
    const queue = [...wireCases]
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [here, there] = await Promise.all([answerOf(ours.door, next), answerOf(theirs.door, next)])
        if (Bun.deepEquals(here, there)) continue
        differing.push(next.name)
        if (!listed.has(next.name)) unlisted.push({ case: next.name, here, there })
      }
    }
    await Promise.all(Array.from({ length: 4 }, work))
    expect(unlisted).toEqual([])
    expect(differing.toSorted()).toEqual([...listed].toSorted())
  },
})
