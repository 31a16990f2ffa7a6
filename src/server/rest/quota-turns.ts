import { serviceUnavailable } from '../../machinery/status/errors.ts'
import type { Cancel, Clock, Ports } from '../../std/ports.ts'
import type { Response } from '../context.ts'
import { collectionPrefix, createClaims, type WatchCache } from '../watchcache/index.ts'
import type { RestCall } from './call.ts'
import { asUnavailable } from './storage.ts'

/** Whoever has the turn and has not renewed it has failed by then. */
const lifeMs = 2_500
const renewMs = 500
/** Requests of one server that come so soon after the first share its turn. */
const sharedMs = 200
/** A turn that is not given back is looked at again so often. */
const lookMs = 500

interface Turn {
  /** Answers how to end what keeps it. */
  readonly begun: Promise<Cancel>
  /** Resolves when the next one can begin. */
  readonly over: Promise<void>
  readonly end: () => void
  untilMs: number
  users: number
}

/** Runs a request when its turn has come. */
export type QuotaTurns = (call: RestCall, work: () => Promise<Response>) => Promise<Response>

/**
 * Where several servers admit objects into a namespace with quotas, one server does so at a time: usage is counted from the
 * cache, and what another server has just admitted must be in it. Upstream's means is a compared and swapped
 * `status.used`, with the same result: no quota is exceeded. A turn that lasts is renewed; a server that stood still for so
 * long that its turn may be another's writes nothing more in it.
 */
export function createQuotaTurns(
  cache: WatchCache,
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
): QuotaTurns {
  const claims = createClaims({ cache, clock, plural: 'quotaturns', lifeMs })
  const turns = new Map<string, Turn>()
  const claim = async (namespace: string) => {
    while (!(await claims.take(namespace))) await gone(cache, clock, claims.keyOf(namespace))
    return keep(namespace)
  }
  /** Renews while the turn lasts. */
  const keep = (namespace: string): Cancel => {
    let cancel: Cancel = () => {}
    const plan = () => {
      cancel = clock.setTimer(renewMs, () => {
        plan()
        claims.renew(namespace).catch(error => {
          log.warn('a turn at a quota was not renewed', { namespace, error: String(error) })
        })
      })
    }
    plan()
    return () => cancel()
  }
  const begin = (namespace: string): Turn => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const turn: Turn = {
      begun: claim(namespace),
      over: promise,
      end: resolve,
      untilMs: Number.POSITIVE_INFINITY,
      users: 0,
    }
    turns.set(namespace, turn)
    return turn
  }
  const enter = async (namespace: string): Promise<Turn> => {
    for (;;) {
      const found = turns.get(namespace)
      if (found && clock.monotonicMs() >= found.untilMs) {
        await found.over
        continue
      }
      const turn = found ?? begin(namespace)
      turn.users++
      return turn
    }
  }
  const leave = async (namespace: string, turn: Turn) => {
    turn.users--
    if (turn.users > 0) return
    try {
      // A turn that never began has nothing to end.
      await turn.begun.then(
        stop => stop(),
        () => {},
      )
      await claims.give(namespace)
    } finally {
      turns.delete(namespace)
      turn.end()
    }
  }
  return async (call, work) => {
    if (!isCounted(call, cache)) return work()
    const { namespace } = call.context.info
    const turn = await enter(namespace)
    try {
      await turn.begun.catch(error => Promise.reject(asUnavailable(error)))
      turn.untilMs = Math.min(turn.untilMs, clock.monotonicMs() + sharedMs)
      call.context.requireTurn = () => {
        if (!claims.holds(namespace)) throw serviceUnavailable(turnLost, 1)
      }
      return await work()
    } finally {
      await leave(namespace, turn)
    }
  }
}

const turnLost = 'the turn at the quotas of the namespace was lost; try again'
const writes: ReadonlySet<string> = new Set(['create', 'update', 'patch'])

/** What a server writes for itself is part of a request that has its turn. */
function isCounted({ context }: RestCall, cache: WatchCache): boolean {
  const { info, user } = context
  if (!writes.has(info.verb) || info.namespace === '') return false
  if (info.subresource !== '' && info.subresource !== 'resize') return false
  if (user.username === 'system:apiserver') return false
  return cache.count(collectionPrefix({ group: '', plural: 'resourcequotas' }, info.namespace)) > 0
}

/** Resolves when the key is gone, or when it is time to look whether it is too old. */
async function gone(cache: WatchCache, clock: Clock, key: string): Promise<void> {
  const stop = new AbortController()
  let cancel: Cancel = () => {}
  const late = new Promise<void>(resolve => {
    cancel = clock.setTimer(lookMs, resolve)
  })
  const told = Promise.withResolvers<void>()
  const sink = () => {
    if (!cache.get(key)) told.resolve()
  }
  const watching = cache.watch(key, cache.revision(), sink, stop.signal)
  sink()
  await Promise.race([told.promise, late]).finally(() => {
    cancel()
    stop.abort()
  })
  await watching
}
