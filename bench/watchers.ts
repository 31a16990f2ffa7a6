#!/usr/bin/env bun
/**
 * Many watchers of one collection, some of whom do not read: what they cost in memory, how soon an event is with the last
 * of those who read, how long a heartbeat waits meanwhile, and whether anybody missed anything.
 *
 *   bun run bench/watchers.ts [--watchers 10000] [--slow 500] [--events 100] [--bytes 20000]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectionOf, startHutch, until } from './hutch-process.ts'

const { values } = parseArgs({
  options: {
    watchers: { type: 'string', default: '10000' },
    slow: { type: 'string', default: '500' },
    events: { type: 'string', default: '100' },
    bytes: { type: 'string', default: '20000' },
  },
})
const [watchers, slow, events, bytes] = [values.watchers, values.slow, values.events, values.bytes].map(
  Number,
) as [number, number, number, number]
const streamsPerSession = 200
const pauseMs = 50
const maps = '/api/v1/namespaces/default/configmaps'
const beatPath = '/api/v1/namespaces/kube-system'

const directory = mkdtempSync(join(tmpdir(), 'hutch-watchers-'))
const flags = ['--disable-agent', '--disable=scheduler,dns,proxy', '--datastore-endpoint=memory']
const hutch = await startHutch(directory, flags)
const { server, tls } = connectionOf(hutch.kubeconfig)
try {
  await run()
} finally {
  await hutch.stop()
  rmSync(directory, { recursive: true, force: true })
}

interface Listed {
  readonly metadata: { readonly resourceVersion: string }
}

/** One watcher: which numbers it has seen, in order. */
interface Watcher {
  readonly stream: ClientHttp2Stream
  readonly seen: number[]
  last: string
}

async function run(): Promise<void> {
  const before = anonymousMb()
  const list = (await (await fetch(`${server}${maps}?limit=1`, { tls } as RequestInit)).json()) as Listed
  const revision = list.metadata.resourceVersion
  const sessions: ClientHttp2Session[] = []
  const all: Watcher[] = []
  for (let index = 0; index < watchers; index++) {
    // Who does not read holds up everybody on the same connection: those have connections of their own.
    if (index === slow || index % streamsPerSession === 0) sessions.push(openSession())
    all.push(watch(sessions.at(-1)!, revision))
    if (index % 100 === 99) await Bun.sleep(5)
  }
  await make('ready', 0)
  await until(() => all.every(({ seen }) => seen.length === 1), 'every watcher')
  const held = anonymousMb()
  console.log(
    `${watchers} watchers: ${(held - before).toFixed(0)} MB, ${(((held - before) * 1024) / watchers).toFixed(1)} KB each`,
  )
  const stuck = all.slice(0, slow)
  for (const { stream } of stuck) stream.pause()
  await drive(all.slice(slow))
  console.log(
    `${slow} who do not read: ${anonymousMb().toFixed(0)} MB after ${((events * bytes) / 2 ** 20).toFixed(1)} MB for each`,
  )
  for (const { stream } of stuck) stream.resume()
  await until(() => stuck.every(({ seen }) => seen.length === events + 1), 'every slow watcher')
  const wanted = String(Array.from({ length: events + 1 }, (_, at) => at))
  const wrong = all.filter(({ seen }) => String(seen) !== wanted)
  console.log(
    `${wrong.length} of ${watchers} saw anything but every event once, in order; ${anonymousMb().toFixed(0)} MB`,
  )
  for (const session of sessions) session.destroy()
}

/** Writes the events, and asks for something small between them. */
async function drive(reading: readonly Watcher[]): Promise<void> {
  const late: number[] = []
  const beats: number[] = []
  const worked: number[] = []
  for (let number = 1; number <= events; number++) {
    const startMs = performance.now()
    await make(`event-${number}`, number)
    const startCpuMs = cpuMs()
    const beatMs = performance.now()
    await (await fetch(server + beatPath, { tls } as RequestInit)).arrayBuffer()
    beats.push(performance.now() - beatMs)
    worked.push(cpuMs() - startCpuMs)
    await until(() => reading.every(({ seen }) => seen.length > number), 'an event')
    late.push(performance.now() - startMs)
    await Bun.sleep(pauseMs)
  }
  const most = (list: readonly number[]) => Math.max(...list).toFixed(1)
  const middle = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!.toFixed(1)
  console.log(
    `an event is with the last of ${reading.length} who read after ${middle(late)} ms, at most ${most(late)}`,
  )
  console.log(
    `a heartbeat takes ${middle(beats)} ms, at most ${most(beats)}, of which the loop worked ${most(worked)}`,
  )
}

function openSession(): ClientHttp2Session {
  const session = connect(server, tls)
  session.on('error', error => console.error(`a session broke: ${error.message}`))
  return session
}

function watch(session: ClientHttp2Session, revision: string): Watcher {
  const stream = session.request({ ':path': `${maps}?watch=true&resourceVersion=${revision}` })
  const watcher: Watcher = { stream, seen: [], last: '' }
  // What it has missed then will be told.
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => {
    const lines = (watcher.last + chunk.toString('latin1')).split('\n')
    watcher.last = lines.pop()!
    for (const line of lines) watcher.seen.push(Number(/"number":"(\d+)"/.exec(line)?.[1] ?? -1))
  })
  return watcher
}

async function make(name: string, number: number): Promise<void> {
  const body = JSON.stringify({
    metadata: { name },
    data: { number: String(number), filler: 'x'.repeat(bytes) },
  })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(server + maps, { method: 'POST', headers, body, tls } as RequestInit)
  await response.arrayBuffer()
  if (response.status !== 201) throw new Error(`POST was answered with ${response.status}`)
}

function anonymousMb(): number {
  const status = readFileSync(`/proc/${hutch.pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

/** What the thread of the server's loop has worked so far. */
function cpuMs(): number {
  const [ns] = readFileSync(`/proc/${hutch.pid}/task/${hutch.pid}/schedstat`, 'utf8').split(' ')
  return Number(ns) / 1e6
}
