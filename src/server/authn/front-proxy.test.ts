import { expect, test } from 'bun:test'

import { SimClock, simPorts } from '../../std/sim-ports.ts'
import type { RequestContext } from '../context.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { frontProxyUsers, furtherClaims, type RequestHeaders, usualRequestHeaders } from './front-proxy.ts'

const nowMs = Date.UTC(2026, 5, 1)
const context = { nowMs, random: simPorts(1, nowMs).random }
const [authority, stranger] = await Promise.all(['proxies', 'others'].map(name => issueCa(name, context)))

async function certificateOf(commonName: string, ca = authority!) {
  const subject = { commonName, organizations: [], names: [], uses: ['clientAuth'] } as const
  const { certificate } = await issueLeaf(ca, subject, context)
  const raw = Buffer.from(certificate.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  return { commonName, organizations: [], raw: new Uint8Array(raw) }
}

/** Headers as Node has them, each line a name and a value. */
function asked(...lines: readonly (readonly [string, string])[]): RequestContext {
  const headers: Record<string, string> = {}
  for (const [name, value] of lines) {
    const known = headers[name.toLowerCase()]
    headers[name.toLowerCase()] = known === undefined ? value : `${known}, ${value}`
  }
  return { headers, rawHeaders: () => lines.flat() } as unknown as RequestContext
}

const own: RequestHeaders = {
  allowedNames: ['gate', 'door'],
  username: ['X-First', 'X-Remote-User'],
  uid: ['X-Uid'],
  group: ['X-Team', 'X-Remote-Group'],
  extraPrefix: ['X-More-', 'X-Remote-Extra-'],
}
const users = (rules?: RequestHeaders) =>
  frontProxyUsers(() => authority!.certificate, new SimClock(nowMs), rules)

test('the first name that is there counts, and the groups and extras of all headers', async () => {
  const door = await certificateOf('door')
  const whole = asked(
    ['X-First', 'ann'],
    ['X-Remote-User', 'ben'],
    ['x-uid', '7'],
    ['X-Remote-Group', 'c'],
    ['X-Team', 'a'],
    ['X-Team', 'b, with a comma'],
    ['X-More-Acme.org%2Fscope', 's'],
    ['X-Remote-Extra-Acme.org%2Fscope', 't'],
  )
  expect(users(own)(whole, door)).toEqual({
    username: 'ann',
    uid: '7',
    groups: ['a', 'b, with a comma', 'c'],
    extra: { 'acme.org/scope': ['s', 't'] },
  })
  expect(users(own)(asked(['X-First', ''], ['X-Remote-User', 'ben']), door)?.username).toBe('ben')
  expect(users(own)(asked(['X-Team', 'a']), door)).toBeUndefined()
})

test('names of proxies are those allowed, or all that the authority has signed where none is', async () => {
  const jane = asked(['x-remote-user', 'jane'])
  const [door, other, foreign] = await Promise.all([
    certificateOf('door'),
    certificateOf('other'),
    certificateOf('door', stranger),
  ])
  expect(users(own)(jane, door)?.username).toBe('jane')
  expect(users(own)(jane, other)).toBeUndefined()
  expect(users({ ...own, allowedNames: [] })(jane, other)?.username).toBe('jane')
  expect(users({ ...own, allowedNames: [] })(jane, foreign)).toBeUndefined()
  expect(users()(jane, door)).toBeUndefined()
})

test('headers that speak of users besides the usual are known by name and by how they begin', () => {
  expect(furtherClaims(usualRequestHeaders)).toBeUndefined()
  const isClaim = furtherClaims(own)
  expect(['x-first', 'x-uid', 'x-team', 'x-more-scope'].every(name => isClaim?.(name))).toBe(true)
  expect(['accept', 'x-uids', 'x-more'].some(name => isClaim?.(name))).toBe(false)
})
