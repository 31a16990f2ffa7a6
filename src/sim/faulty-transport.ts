import type { ApiCall, Transport, WatchEvent } from '../client/transport.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { expired, serverTimeout, serviceUnavailable } from '../machinery/status/errors.ts'
import type { StatusError } from '../machinery/status/status.ts'
import type { Ports } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import { countFault, type FaultDial } from './faults.ts'

export interface FaultyOptions {
  readonly inner: Transport
  readonly dial: FaultDial
  readonly ports: Ports
  /** Aborts when the component behind this transport is killed: nothing reaches it any more. */
  readonly killed: AbortSignal
  /** The network between the component and the server. */
  readonly link?: Link
}

/** A network that can be cut and mended. */
export interface Link {
  readonly isDown: () => boolean
  cut(): void
  mend(): void
  /** Aborts at the next cut. */
  readonly nextCut: () => AbortSignal
}

export function createLink(): Link {
  let down = false
  let next = new AbortController()
  return {
    isDown: () => down,
    nextCut: () => next.signal,
    cut() {
      down = true
      next.abort()
    },
    mend() {
      if (!down) return
      down = false
      next = new AbortController()
    },
  }
}

type Sink = (events: readonly WatchEvent[]) => void

const reads: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

/**
 * A transport as a bad network makes it: late, refusing, losing answers, breaking watches. It never breaks a
 * promise that Kubernetes makes: watch events stay whole and in order, a list is never older than was asked for.
 */
export function faultyTransport(options: FaultyOptions): Transport {
  const staleLists = new Map<string, KubeObject>()
  return {
    call: call => faultyCall(options, staleLists, call),
    watch: (call, sink, signal) => faultyWatch(options, call, sink, signal),
  }
}

async function faultyCall(
  options: FaultyOptions,
  staleLists: Map<string, KubeObject>,
  call: ApiCall,
): Promise<KubeObject> {
  const { inner, dial, ports, killed } = options
  const chance = (probability: number) => probability > 0 && ports.random.next() < probability
  const { current } = dial
  await requireLink(options)
  if (chance(current.callRefused)) throw fault(dial, 'call refused')
  if (chance(current.callDelay)) {
    countFault(dial, 'call delayed')
    await sleep(ports.clock, ports.random.next() * current.callDelayMaxMs, killed)
    await requireLink(options)
  }
  const stale = call.verb === 'list' && chance(current.listStale) ? staleAnswer(staleLists, call) : undefined
  if (stale) countFault(dial, 'list stale')
  const answer = stale ?? (await inner.call(call))
  if (call.verb === 'list') staleLists.set(listKey(call), answer)
  await requireLink(options)
  if (!reads.has(call.verb) && chance(current.answerLost)) {
    countFault(dial, 'answer lost')
    throw serverTimeout({ group: call.group, resource: call.resource }, call.verb, 1)
  }
  return answer
}

function fault(dial: FaultDial, kind: string): StatusError {
  countFault(dial, kind)
  return serviceUnavailable(`simulated fault: ${kind}`)
}

/** A killed component hears nothing ever again; one behind a cut network waits for its timeout. */
async function requireLink({ killed, link, dial, ports }: FaultyOptions): Promise<void> {
  if (killed.aborted) return new Promise<void>(() => {})
  if (!link?.isDown()) return
  await sleep(ports.clock, 5_000, killed)
  if (killed.aborted) return new Promise<void>(() => {})
  throw fault(dial, 'network cut')
}

function listKey({ group, resource, namespace = '', options }: ApiCall): string {
  return [group, resource, namespace, options?.labelSelector, options?.fieldSelector].join('|')
}

function staleAnswer(staleLists: Map<string, KubeObject>, call: ApiCall): KubeObject | undefined {
  if (call.options?.resourceVersionMatch !== 'NotOlderThan') return undefined
  const known = staleLists.get(listKey(call))
  const newEnough = Number(known?.metadata.resourceVersion) >= Number(call.options.resourceVersion)
  return newEnough ? known : undefined
}

async function faultyWatch(
  options: FaultyOptions,
  call: ApiCall,
  sink: Sink,
  signal: AbortSignal,
): Promise<void> {
  const { inner, dial, ports, killed, link } = options
  await requireLink(options)
  if (ports.random.next() < dial.current.callRefused) throw fault(dial, 'watch refused')
  const stop = new AbortController()
  const lagging = lagSink(options, event => !stop.signal.aborted && sink(event))
  let ending: StatusError | undefined
  const end = () => {
    if (dial.current.watchLifeMs === Number.POSITIVE_INFINITY) return
    ending = chooseEnd(options, sink)
    stop.abort()
  }
  const lifeMs = -Math.log(1 - ports.random.next()) * dial.current.watchLifeMs
  const cancelEnd = Number.isFinite(lifeMs) ? ports.clock.setTimer(lifeMs, end) : () => {}
  const until = AbortSignal.any([signal, stop.signal, killed, ...(link ? [link.nextCut()] : [])])
  try {
    await inner.watch(call, lagging, until)
  } finally {
    cancelEnd()
    stop.abort()
  }
  if (killed.aborted) return new Promise<void>(() => {})
  if (ending) throw ending
}

/** How a watch breaks: cleanly, by a 410, or by an ERROR event within the stream. */
function chooseEnd({ dial, ports, killed }: FaultyOptions, sink: Sink): StatusError | undefined {
  const chance = ports.random.next()
  countFault(dial, 'watch ended')
  if (chance < 0.6 || killed.aborted) return undefined
  const gone = expired('simulated fault: too old resource version')
  if (chance < 0.8) return gone
  sink([{ type: 'ERROR', object: gone.status as unknown as KubeObject }])
  return undefined
}

/** Hands batches on, some of them late, never one before an earlier one. */
function lagSink({ dial, ports }: FaultyOptions, sink: Sink): Sink {
  const held: (readonly WatchEvent[])[] = []
  const release = () => {
    for (const events of held.splice(0)) sink(events)
  }
  return events => {
    const { watchLag, watchLagMaxMs } = dial.current
    if (held.length > 0) return void held.push(events)
    if (watchLag === 0 || ports.random.next() >= watchLag) return sink(events)
    countFault(dial, 'watch lagged')
    held.push(events)
    ports.clock.setTimer(1 + ports.random.next() * watchLagMaxMs, release)
  }
}
