import type { FlowSchema } from '../../api/types/flowcontrol-v1.gen.ts'
import type { RequestContext } from '../context.ts'
import type { FlowQueue } from './fair-queues.ts'
import type { SchemaSeries } from './series.ts'

/** A FlowSchema that matches requests, with where it sends them. */
export interface Flow<Level> {
  readonly schema: FlowSchema
  readonly level: Level
  readonly series: SchemaSeries
}

/** Why a request was sent away; upstream's label values. */
export type Rejection = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

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
