import type { Cancel, Ports } from '../../std/ports.ts'
import type { EtcdConnection, WatchStream } from './connection.ts'
import type { WatchRequest, WatchResponse, WireEvent } from './messages.ts'

export interface FollowOptions {
  readonly connection: EtcdConnection
  readonly ports: Pick<Ports, 'clock' | 'random' | 'log'>
  readonly range: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array }
  /** Everything up to here was told. */
  readonly position: () => number
  /** Whole revisions, in order. */
  readonly onEvents: (events: readonly WireEvent[]) => void
  /** There was nothing else up to this revision. */
  readonly onProgress: (revision: number) => void
  /** History up to this revision is gone, and with it what was not told; it goes on from the new position. */
  readonly onCompacted: (revision: number) => void
  /** Where the member is that is followed from now on. */
  readonly onCreated: (revision: number) => void
}

export interface Following {
  /** Asks how far things are, now and again, until `isEnough`. */
  hurry(isEnough: () => boolean): void
  stop(): void
}

const patienceMs = 20
const repeatMs = 100
/** A member that answers none of the requests that were repeated for so long is left for another one. */
const silenceMaxMs = 3_000
const backoffMinMs = 100
const backoffMaxMs = 5_000

/**
 * Keeps one watch of etcd running: after a lost connection it goes on where it was, with a back-off. Several requests
 * to `hurry` at a time are one.
 */
export function followEtcd(options: FollowOptions): Following {
  const { clock, log, random } = options.ports
  let stream: WatchStream | undefined
  let isStopped = false
  let failures = 0
  let cancelRetry: Cancel | undefined
  const start = () => {
    open().catch(error => retry(String(error)))
  }
  const retry = (why: string) => {
    if (isStopped) return
    stream = undefined
    cancelRetry?.()
    const delayMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** failures) * (0.5 + random.next() / 2)
    failures++
    log.warn('etcd is not followed just now', { error: why, againInMs: Math.round(delayMs) })
    cancelRetry = clock.setTimer(delayMs, start)
  }
  const open = async () => {
    const opened = await options.connection.watch()
    if (isStopped) return opened.cancel()
    stream = opened
    attach(opened, {
      isCurrent: () => stream === opened && !isStopped,
      lost: retry,
      take: answer => take(opened, answer),
    })
    opened.write(createRequest(options))
  }
  const take = (from: WatchStream, answer: WatchResponse) => {
    nudge.heard()
    if (answer.canceled) giveUp(from, answer)
    else if (answer.created) begin(answer)
    else if (answer.events.length > 0) options.onEvents(answer.events)
    else options.onProgress(answer.header.revision)
  }
  const begin = ({ header }: WatchResponse) => {
    failures = 0
    options.onCreated(header.revision)
  }
  const giveUp = (from: WatchStream, { compactRevision, cancelReason }: WatchResponse) => {
    stream = undefined
    from.cancel()
    if (compactRevision <= 0) return retry(cancelReason || 'the watch was cancelled')
    log.warn('history of etcd is gone', { compactedRevision: compactRevision, position: options.position() })
    options.onCompacted(compactRevision)
    start()
  }
  const nudge = progressTimer({
    clock,
    ask: () => void stream?.write({ progressRequest: {} }),
    onSilence() {
      const silent = stream
      if (!silent) return
      // Its error, which comes of this, makes the connection prefer another member.
      silent.cancel()
      retry('the member keeps silent')
    },
  })
  start()
  return {
    hurry: nudge.until,
    stop() {
      isStopped = true
      cancelRetry?.()
      nudge.stop()
      stream?.cancel()
    },
  }
}

interface Listening {
  /** A stream that was given up may still have something to say. */
  readonly isCurrent: () => boolean
  readonly lost: (why: string) => void
  readonly take: (answer: WatchResponse) => void
}

function attach(stream: WatchStream, { isCurrent, lost, take }: Listening): void {
  stream.on('error', (error: Error) => void (isCurrent() && lost(error.message)))
  stream.on('end', () => void (isCurrent() && lost('the stream has ended')))
  stream.on('data', (answer: WatchResponse) => void (isCurrent() && take(answer)))
}

function createRequest({ range, position }: FollowOptions): WatchRequest {
  return {
    createRequest: { ...range, startRevision: position() + 1, progressNotify: true, prevKv: true },
  }
}

interface Nudging {
  readonly clock: Ports['clock']
  readonly ask: () => void
  readonly onSilence: () => void
}

function progressTimer({ clock, ask, onSilence }: Nudging) {
  let cancel: Cancel | undefined
  /** Since when nothing was heard although it was asked for. */
  let silentSinceMs = 0
  const wanted = new Set<() => boolean>()
  const tick = () => {
    cancel = undefined
    for (const isEnough of wanted) if (isEnough()) wanted.delete(isEnough)
    if (wanted.size === 0) return
    const nowMs = clock.monotonicMs()
    if (nowMs - silentSinceMs < silenceMaxMs) ask()
    else {
      silentSinceMs = nowMs
      onSilence()
    }
    cancel = clock.setTimer(repeatMs, tick)
  }
  return {
    heard() {
      silentSinceMs = clock.monotonicMs()
    },
    until(isEnough: () => boolean) {
      if (wanted.size === 0) silentSinceMs = clock.monotonicMs()
      wanted.add(isEnough)
      cancel ??= clock.setTimer(patienceMs, tick)
    },
    stop: () => cancel?.(),
  }
}
