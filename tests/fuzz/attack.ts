import { readFileSync } from 'node:fs'
import type { connectionOf } from '../../bench/hutch-process.ts'
import { type FuzzRequest, fuzzRequest } from './requests.ts'

export interface Finding {
  readonly number: number
  readonly what: string
  readonly request: string
}

export interface AttackOptions {
  readonly connection: ReturnType<typeof connectionOf>
  readonly seed: number
  readonly cases: number
  /** The first case; 0 when absent. */
  readonly from?: number
  /** How many are under way at once. */
  readonly parallel?: number
  readonly progress?: (done: number) => void
  /** Called with each finding at once. */
  readonly found?: (finding: Finding) => void
  /** Aborts when there is nobody left to attack. */
  readonly signal?: AbortSignal
}

const patienceMs = 20_000
const slowMs = 1_000
const slowTriesMax = 10
const shownMax = 400
/** After so many cases the ones that went wrong are sent again, each alone. */
const roundCases = 10_000
/** A stock server answers 500 to these requests too, with these words. */
const upstreamFaults = [
  'failed to create typed patch object',
  'strconv.ParseUint: parsing',
  'target.name: Required value',
  'failed to convert new object',
  'list element types are not identical',
  'does not contain declared merge key',
  'unable to find api field in struct RawExtension',
]

/** Sends cases `from` to `cases` - 1 of a seed and answers what was wrong with the answers. */
export async function attack(options: AttackOptions): Promise<Finding[]> {
  const { from = 0, cases, signal } = options
  const findings: Finding[] = []
  for (let start = from; start < cases && !signal?.aborted; start += roundCases) {
    for (const number of await round(options, start, Math.min(start + roundCases, cases))) {
      const finding = signal?.aborted ? undefined : await tryCase(options, number)
      if (!finding) continue
      findings.push(finding)
      options.found?.(finding)
    }
    options.progress?.(Math.min(start + roundCases, cases))
  }
  return findings
}

/** The numbers of the cases from `start` up to `end` that may be findings. */
async function round(options: AttackOptions, start: number, end: number): Promise<number[]> {
  const suspects: number[] = []
  let next = start
  const work = async () => {
    while (next < end && !options.signal?.aborted) {
      const number = next++
      const { wrong, tookMs } = await send(options, fuzzRequest(options.seed, number))
      if (wrong || tookMs > slowMs) suspects.push(number)
    }
  }
  await Promise.all(Array.from({ length: options.parallel ?? 8 }, work))
  return suspects.sort((a, b) => a - b)
}

/** One case alone, so that no answer is late because of another's. */
export async function tryCase(options: AttackOptions, number: number): Promise<Finding | undefined> {
  const request = fuzzRequest(options.seed, number)
  let { wrong, tookMs } = await send(options, request)
  // A request that is slow by itself is slow each time; a machine that is busy with something else is not.
  for (let tries = 1; wrong === undefined && tookMs > slowMs && tries < slowTriesMax; tries++)
    ({ wrong, tookMs } = await send(options, request))
  const slow = tookMs > slowMs ? `took ${tookMs.toFixed(0)} ms` : undefined
  const what = wrong ?? slow
  return what === undefined ? undefined : { number, what, request: show(request) }
}

async function send(
  { connection: { server, tls } }: AttackOptions,
  { method, path, headers, body }: FuzzRequest,
): Promise<{ wrong: string | undefined; tookMs: number }> {
  const startMs = performance.now()
  const took = () => performance.now() - startMs
  try {
    const response = await fetch(server + path, {
      ...{ method, headers, redirect: 'manual', signal: AbortSignal.timeout(patienceMs), tls },
      ...(body && { body }),
    } as RequestInit)
    const text = await response.text()
    // A revision that is not there yet is waited for, as upstream waits.
    const waited = response.status === 504 && text.includes('Too large resource version')
    const wrong = method === 'HEAD' ? undefined : judge(response, text)
    return { wrong, tookMs: waited ? 0 : took() }
  } catch (error) {
    return { wrong: `no answer: ${(error as Error).message}`, tookMs: took() }
  }
}

function judge({ status, headers }: Response, text: string): string | undefined {
  // 501 names what is not there; 503 and 504 say that another service is away.
  if (status === 500 && !upstreamFaults.some(words => text.includes(words)))
    return `500: ${text.slice(0, shownMax)}`
  if (status < 400 || text === '' || !headers.get('content-type')?.includes('json')) return undefined
  const body = JSON.parse(text) as { kind?: string; code?: number }
  if (body.kind === 'Status' && body.code === status) return undefined
  return `${status} without a Status: ${text.slice(0, shownMax)}`
}

function show({ method, path, headers, body }: FuzzRequest): string {
  const sent = body ? Buffer.from(body).toString('latin1').slice(0, shownMax) : ''
  return `${method} ${path} ${JSON.stringify(headers)} ${JSON.stringify(sent)}`
}

/** Resident memory of a process that needs no file, in bytes. */
export function anonymousBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
}
