import type { QueuingConfiguration } from '../../api/types/flowcontrol-v1.gen.ts'
import type { FlowQueue, Ticket, Waiting } from './ticket.ts'

/** What a request is taken to cost before it ran: seat-milliseconds for one seat (KEP-1040's G). */
const guessMs = 3

/**
 * Fair queueing among the flows of one priority level (KEP-1040): a flow's few queues are dealt by shuffle sharding,
 * the next request is the one that would end first if all queues were served at once, and what a request really took
 * is put on its queue's account afterwards.
 */
export interface FairQueues {
  readonly all: readonly FlowQueue[]
  readonly waitingCount: number
  /** The shortest queue that this flow may use. */
  choose(flow: string): FlowQueue
  isFull(queue: FlowQueue): boolean
  enqueue(queue: FlowQueue, waiting: Waiting, nowMs: number): void
  /** The request whose turn it is; it stays where it is until `take`. */
  head(): FlowQueue | undefined
  take(queue: FlowQueue, nowMs: number): Waiting
  /** Takes one out that will not wait any longer. */
  remove(queue: FlowQueue, ticket: Ticket): void
  finished(ticket: Ticket, nowMs: number): void
  /** Virtual time, in seat-seconds of each queue. */
  virtualSeconds(): number
  /** Virtual time when the last request was let in, and that request's own start. */
  lastTaken(): { readonly seconds: number; readonly startSeconds: number }
}

export function createFairQueues(config: Required<QueuingConfiguration>, limit: () => number): FairQueues {
  const all: FlowQueue[] = Array.from({ length: config.queues }, (_, index) => ({
    index,
    waiting: [],
    startMs: 0,
    executing: 0,
    seats: 0,
  }))
  const active = new Set<FlowQueue>()
  let virtualMs = 0
  let lastMs = 0
  let waitingCount = 0
  let next = 0
  let taken = { seconds: 0, startSeconds: 0 }
  const advance = (nowMs: number) => {
    if (active.size > 0) {
      const wanted = [...active].reduce((sum, queue) => sum + queue.seats + seatsWaiting(queue), 0)
      virtualMs += ((nowMs - lastMs) * Math.min(wanted, limit())) / active.size
    }
    lastMs = nowMs
  }
  const settle = (queue: FlowQueue) => {
    if (queue.waiting.length === 0 && queue.executing === 0) active.delete(queue)
  }
  return {
    all,
    get waitingCount() {
      return waitingCount
    },
    virtualSeconds: () => virtualMs / 1000,
    lastTaken: () => taken,
    choose: flow => shortest(dealHand(flow, config.queues, config.handSize).map(index => all[index]!)),
    isFull: queue => queue.waiting.length >= config.queueLengthLimit,
    enqueue(queue, waiting, nowMs) {
      advance(nowMs)
      if (!active.has(queue)) queue.startMs = virtualMs
      active.add(queue)
      queue.waiting.push(waiting)
      waitingCount++
    },
    head() {
      const best = earliest(active, next, config.queues)
      if (best) next = (best.index + 1) % config.queues
      return best
    },
    take(queue, nowMs) {
      advance(nowMs)
      const waiting = queue.waiting.shift()!
      const { seats } = waiting.ticket
      waitingCount--
      taken = { seconds: virtualMs / 1000, startSeconds: queue.startMs / 1000 }
      queue.startMs += seats * guessMs
      queue.executing++
      queue.seats += seats
      return waiting
    },
    remove(queue, ticket) {
      const index = queue.waiting.findIndex(each => each.ticket === ticket)
      if (index < 0) return
      queue.waiting.splice(index, 1)
      waitingCount--
      settle(queue)
    },
    finished({ queue, seats, startedMs = 0 }, nowMs) {
      if (!queue) return
      advance(nowMs)
      queue.startMs += seats * (nowMs - startedMs - guessMs)
      queue.executing--
      queue.seats -= seats
      settle(queue)
    },
  }
}

export function seatsWaiting({ waiting }: FlowQueue): number {
  return waiting.reduce((sum, { ticket }) => sum + ticket.seats, 0)
}

/** The one with the least work; of equals the first dealt. */
function shortest(queues: readonly FlowQueue[]): FlowQueue {
  const work = (queue: FlowQueue) => queue.seats + seatsWaiting(queue)
  return queues.reduce((best, queue) => (work(queue) < work(best) ? queue : best))
}

/** The queue whose head would end first; of equals the next one in turn. */
function earliest(active: ReadonlySet<FlowQueue>, next: number, count: number): FlowQueue | undefined {
  let best: FlowQueue | undefined
  let bestMs = Number.POSITIVE_INFINITY
  const turn = ({ index }: FlowQueue) => (index - next + count) % count
  for (const queue of active) {
    const first = queue.waiting[0]
    if (!first) continue
    const endMs = queue.startMs + first.ticket.seats * guessMs
    if (endMs > bestMs || (endMs === bestMs && best && turn(queue) > turn(best))) continue
    best = queue
    bestMs = endMs
  }
  return best
}

/** `size` different cards of a deck of `count`, the same ones for the same name (apiserver pkg/util/shufflesharding). */
export function dealHand(name: string, count: number, size: number): number[] {
  let entropy = BigInt(Bun.hash(name))
  const dealt: number[] = []
  for (let index = 0; index < Math.min(size, count); index++) {
    const left = BigInt(count - index)
    let card = Number(entropy % left)
    entropy /= left
    // Cards already dealt are skipped, in ascending order.
    for (const each of dealt.toSorted((a, b) => a - b)) if (card >= each) card++
    dealt.push(card)
  }
  return dealt
}
