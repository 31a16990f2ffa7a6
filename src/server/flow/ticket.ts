import type { FlowSchema } from '../../api/types/flowcontrol-v1.gen.ts'
import type { RequestContext } from '../context.ts'
import type { SchemaSeries } from './series.ts'

/** A FlowSchema that matches requests, with where it sends them. */
export interface Flow<Level> {
  readonly schema: FlowSchema
  readonly level: Level
  readonly series: SchemaSeries
}

/** One request that asks for seats. */
export interface Ask {
  readonly context: RequestContext
  readonly schemaName: string
  readonly series: SchemaSeries
  readonly distinguisher: string
  readonly seats: number
}

/** One request that holds seats or waits for them. */
export interface Ticket extends Ask {
  readonly arrivedMs: number
  /** Absent while it waits. */
  startedMs?: number
  /** The queue that it came from; absent when it never had to wait. */
  readonly queue?: FlowQueue | undefined
}

/** A waiting ticket with what lets it go on. */
export interface Waiting {
  readonly ticket: Ticket
  readonly go: () => void
}

/** One queue of a priority level. `startMs` is when its next request would start in virtual time. */
export interface FlowQueue {
  readonly index: number
  readonly waiting: Waiting[]
  startMs: number
  executing: number
  seats: number
}
