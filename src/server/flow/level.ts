import type { PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.gen.ts'
import type { Clock } from '../../std/ports.ts'
import { createFairQueues, type FairQueues } from './fair-queues.ts'
import type { LevelTimes, Rejection } from './series.ts'
import type { Ask, Ticket } from './ticket.ts'

/** How long a request may wait for seats: a quarter of upstream's request timeout, or of the one that it names. */
const waitMaxMs = 15_000
const waitParts = 4
const listSeatsMax = 10

/** The seats of one PriorityLevelConfiguration. */
export interface Level {
  readonly name: string
  config: PriorityLevelConfiguration
  /** Seats by shares alone; what is never lent; what can be had with all that may be borrowed. */
  limits: LevelLimits
  /** Seats that may be held now. */
  current: number
  readonly queues: FairQueues | undefined
  readonly running: Set<Ticket>
  seats: number
  /** Most seats that were held and wanted at a time since this was last set. */
  highWatermark: number
  smoothed: number
  readonly times: LevelTimes
  readonly counts: { dispatched: number; rejected: number; timedOut: number; cancelled: number }
}

export interface LevelLimits {
  readonly nominal: number
  readonly lower: number
  readonly upper: number
}

export function isExempt({ config }: Level): boolean {
  return config.spec?.type === 'Exempt'
}

export function createLevel(
  config: PriorityLevelConfiguration,
  limits: LevelLimits,
  times: LevelTimes,
): Level {
  const { type, queuing } = config.spec?.limited?.limitResponse ?? {}
  const level: Level = {
    name: config.metadata.name!,
    config,
    limits,
    current: limits.nominal,
    queues:
      type === 'Queue'
        ? createFairQueues({ queues: 64, handSize: 8, queueLengthLimit: 50, ...queuing }, () => level.current)
        : undefined,
    running: new Set(),
    seats: 0,
    highWatermark: 0,
    smoothed: 0,
    times,
    counts: { dispatched: 0, rejected: 0, timedOut: 0, cancelled: 0 },
  }
  return level
}

/** The widest that one request of this level may be. */
export function seatsMax({ config, limits }: Level): number {
  const handSize = config.spec?.limited?.limitResponse?.queuing?.handSize
  if (handSize === undefined) return listSeatsMax
  const share = Math.min(Math.ceil(limits.nominal * 0.15), Math.trunc(limits.nominal / handSize))
  return Math.min(listSeatsMax, Math.max(1, share))
}

export interface Gate {
  readonly clock: Clock
  /** A request found no free seat. */
  readonly onContended: () => void
}

/** Seats at once, seats later, or why not. A ticket is given back by `release`. */
export function acquire(
  level: Level,
  ask: Ask,
  gate: Gate,
): Ticket | Rejection | Promise<Ticket | Rejection> {
  const arrivedMs = gate.clock.monotonicMs()
  const isFree = () => canSeat(level, ask.seats) && !level.queues?.waitingCount
  if (!isFree()) {
    noteDemand(level, ask.seats)
    gate.onContended()
  }
  if (isFree()) {
    // Who finds a seat passes the queues, and has waited for nothing.
    if (level.queues) tellQueued(ask, 1, gate.clock.monotonicMs() - arrivedMs)
    return seat(level, { ...ask, arrivedMs }, arrivedMs)
  }
  const queue = level.queues?.choose(`${ask.schemaName}\0${ask.distinguisher}`)
  if (!queue) return reject(level, ask, 'concurrency-limit')
  if (level.queues?.isFull(queue)) return reject(level, ask, 'queue-full')
  ask.series.queueLengths.observe(queue.waiting.length + 1)
  return wait(level, { ...ask, arrivedMs, queue }, gate)
}

function tellQueued({ series }: Ask, length: number, waitedMs: number): void {
  series.queueLengths.observe(length)
  series.waitSeconds.observe(waitedMs / 1000)
}

function canSeat(level: Level, seats: number): boolean {
  if (level.seats + seats <= level.current || isExempt(level)) return true
  // Wider than the level has become: alone; in a queue of no seats never.
  const isAlone = level.seats === 0 && seats > level.current
  return isAlone && (level.current > 0 || !level.queues)
}

function seat(level: Level, ticket: Ticket, nowMs: number): Ticket {
  const { series, seats } = ticket
  ticket.startedMs = nowMs
  level.seats += seats
  level.running.add(ticket)
  level.counts.dispatched++
  use(level, 1, seats, nowMs)
  if (level.seats > level.highWatermark) level.highWatermark = level.seats
  series.dispatched.inc()
  series.executing.add(1)
  series.executingSeats.add(seats)
  return ticket
}

function use({ times }: Level, requests: number, seats: number, nowMs: number): void {
  times.running.add(requests, nowMs)
  times.seats.add(seats, nowMs)
  times.demand.add(seats, nowMs)
}

function want({ times }: Level, requests: number, seats: number, nowMs: number): void {
  times.waiting.add(requests, nowMs)
  times.demand.add(seats, nowMs)
}

/** How many requests may wait in all queues of a level together. */
export function waitingMax({ config }: Level): number {
  const { queues = 0, queueLengthLimit = 0 } = config.spec?.limited?.limitResponse?.queuing ?? {}
  return queues * queueLengthLimit
}

/** Takes what a level has now as what its use is a part of. */
export function measureAgainstLimits(level: Level, nowMs: number): void {
  const { times, current, limits } = level
  times.seats.setWhole(current, nowMs)
  times.running.setWhole(current, nowMs)
  times.waiting.setWhole(waitingMax(level), nowMs)
  times.demand.setWhole(limits.nominal, nowMs)
}

function reject(level: Level, { series }: Ask, reason: Rejection): Rejection {
  level.counts.rejected++
  series.rejected(reason)
  return reason
}

function noteDemand(level: Level, more: number): void {
  const waiting = level.queues?.waitingCount ?? 0
  level.highWatermark = Math.max(level.highWatermark, level.seats + waiting + more)
}

type QueuedTicket = Ticket & { readonly queue: NonNullable<Ticket['queue']> }

function wait(level: Level, ticket: QueuedTicket, { clock }: Gate): Promise<Ticket | Rejection> {
  const queues = level.queues!
  const { series, context, queue, seats } = ticket
  const { promise, resolve } = Promise.withResolvers<Ticket | Rejection>()
  const leave = () => {
    cancelTimer()
    context.signal.removeEventListener('abort', onGone)
    series.waiting.add(-1)
    series.waitingSeats.add(-seats)
    want(level, -1, -seats, clock.monotonicMs())
  }
  const giveUp = (reason: 'time-out' | 'cancelled') => {
    queues.remove(queue, ticket)
    leave()
    level.counts[reason === 'time-out' ? 'timedOut' : 'cancelled']++
    series.givenUp((clock.monotonicMs() - ticket.arrivedMs) / 1000)
    series.rejected(reason)
    resolve(reason)
  }
  const onGone = () => giveUp('cancelled')
  const cancelTimer = clock.setTimer(waitOf(context), () => giveUp('time-out'))
  context.signal.addEventListener('abort', onGone, { once: true })
  series.waiting.add(1)
  series.waitingSeats.add(seats)
  want(level, 1, seats, ticket.arrivedMs)
  const go = () => {
    leave()
    const nowMs = clock.monotonicMs()
    const waitedMs = nowMs - ticket.arrivedMs
    context.waitedMs = (context.waitedMs ?? 0) + waitedMs
    series.waitSeconds.observe(waitedMs / 1000)
    resolve(seat(level, ticket, nowMs))
  }
  queues.enqueue(queue, { ticket, go }, ticket.arrivedMs)
  dispatch(level, clock)
  return promise
}

function waitOf({ limitMs }: Ask['context']): number {
  return limitMs === undefined ? waitMaxMs : Math.min(limitMs / waitParts, waitMaxMs)
}

/** Gives seats back and lets in who is next. */
export function release(level: Level, ticket: Ticket, clock: Clock): void {
  const nowMs = clock.monotonicMs()
  const { series, seats, context, startedMs = nowMs } = ticket
  if (!level.running.delete(ticket)) return
  level.seats -= seats
  series.executing.add(-1)
  series.executingSeats.add(-seats)
  use(level, -1, -seats, nowMs)
  const seconds = context.info.verb === 'watch' ? series.watchSeconds : series.workSeconds
  seconds.observe((nowMs - startedMs) / 1000)
  level.queues?.finished(ticket, nowMs)
  dispatch(level, clock)
}

/** Lets waiting requests in, in fair order, until the next one does not fit. */
export function dispatch(level: Level, clock: Clock): void {
  const { queues } = level
  while (queues && queues.waitingCount > 0) {
    const queue = queues.head()
    if (!queue || !canSeat(level, queue.waiting[0]!.ticket.seats)) return
    queues.take(queue, clock.monotonicMs()).go()
  }
}
