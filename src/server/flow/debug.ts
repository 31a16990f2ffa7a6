import { toApiVersion } from '../../machinery/meta/group.ts'
import type { Routes } from '../http/routes.ts'
import { seatsWaiting } from './fair-queues.ts'
import type { FlowControl } from './flow-control.ts'
import { isExempt, type Level } from './level.ts'
import type { FlowQueue, Ticket } from './ticket.ts'

type Row = readonly (string | number | boolean)[]

/** The three tables of `/debug/api_priority_and_fairness/`, laid out as upstream's. */
export function mountFlowDebug(
  routes: Routes,
  flow: FlowControl,
  nowMs: () => { wall: number; monotonic: number },
): void {
  const path = '/debug/api_priority_and_fairness'
  routes.get(`${path}/dump_priority_levels`, c =>
    c.text(table([levelHeads, ...flow.levels().map(levelRow)]), 200, plain),
  )
  routes.get(`${path}/dump_queues`, c =>
    c.text(table([queueHeads, ...flow.levels().flatMap(queueRows)]), 200, plain),
  )
  routes.get(`${path}/dump_requests`, c => {
    const detailed = ['1', 'true', 't'].includes(c.env.context.query.get('includeRequestDetails') ?? '')
    const { wall, monotonic } = nowMs()
    const time = (ms: number | undefined) =>
      ms === undefined ? '0001-01-01T00:00:00Z' : new Date(wall - monotonic + ms).toISOString()
    const rows = flow.levels().flatMap(level => requestRows(level, time, detailed))
    return c.text(table([[...requestHeads, ...(detailed ? detailHeads : [])], ...rows]), 200, plain)
  })
}

const plain = { 'content-type': 'text/plain; charset=utf-8' }

const levelHeads: Row = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
]

function levelRow(level: Level): Row {
  const { name, queues, running, counts } = level
  const active = queues?.all.filter(({ waiting }) => waiting.length > 0).length ?? 0
  const waiting = queues?.waitingCount ?? 0
  const isIdle = waiting === 0 && running.size === 0
  const { dispatched, rejected, timedOut, cancelled } = counts
  return [name, active, isIdle, false, waiting, running.size, dispatched, rejected, timedOut, cancelled]
}

const queueHeads: Row = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
]

function queueRows({ name, queues }: Level): Row[] {
  return (queues?.all ?? []).map(queue => {
    const seats = seatsWaiting(queue)
    const work = (seats * 3) / 1000
    return [
      name,
      queue.index,
      queue.waiting.length,
      queue.executing,
      queue.seats,
      `${(queue.startMs / 1000).toFixed(8)}ss`,
      seats,
      seats,
      `${work.toFixed(8)}ss`,
    ]
  })
}

const requestHeads: Row = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
]
const detailHeads: Row = [
  'UserName',
  'Verb',
  'APIPath',
  'Namespace',
  'Name',
  'APIVersion',
  'Resource',
  'SubResource',
]

type Time = (ms: number | undefined) => string

function requestRows(level: Level, time: Time, detailed: boolean): Row[] {
  const waiting = (level.queues?.all ?? []).flatMap(queue => waitingOf(queue))
  // Upstream tells requests that run only of levels without queues.
  const running = isExempt(level) ? [...level.running].map(ticket => ({ ticket, queue: -1, index: -1 })) : []
  return [...waiting, ...running].map(({ ticket, queue, index }) => [
    level.name,
    ticket.schemaName,
    queue,
    index,
    ticket.distinguisher,
    time(ticket.arrivedMs),
    ticket.seats,
    0,
    '0s',
    time(ticket.startedMs),
    ...(detailed ? details(ticket) : []),
  ])
}

function waitingOf(queue: FlowQueue) {
  return queue.waiting.map(({ ticket }, index) => ({ ticket, queue: queue.index, index }))
}

function details({ context: { user, info } }: Ticket): Row {
  const apiVersion = info.isResourceRequest ? toApiVersion(info.group, info.version) : ''
  return [
    user.username,
    info.verb,
    info.path,
    info.namespace,
    info.name,
    apiVersion,
    info.resource,
    info.subresource,
  ]
}

/** Columns as Go's tabwriter lays them out: a comma, then spaces up to the widest cell, at least eight wide. */
function table(rows: readonly Row[]): string {
  const cells = rows.map(row => row.map((cell, index) => `${cell}${index < row.length - 1 ? ',' : ''}`))
  const widths = (cells[0] ?? []).map((_, index) =>
    Math.max(8, ...cells.map(row => (row[index] ?? '').length + 1)),
  )
  const lines = cells.map(row =>
    row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index] ?? 0) : cell)).join(''),
  )
  return `${lines.join('\n')}\n`
}
