import { isDeepStrictEqual } from 'node:util'
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.gen.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { RequestContext } from '../context.ts'
import type { Source } from '../lister.ts'
import { bootstrapLevels, bootstrapSchemas, mandatoryNames } from './bootstrap.ts'
import { lendSeats, tellNominal } from './borrowing.ts'
import { createClassifier, distinguisherOf, inMatchingOrder } from './classify.ts'
import {
  acquire,
  createLevel,
  dispatch,
  isExempt,
  type Level,
  type LevelLimits,
  measureAgainstLimits,
  release,
} from './level.ts'
import {
  forgetLevel,
  levelTimes,
  type Rejection,
  schemaSeries,
  tellTimes,
  tellVirtualTime,
} from './series.ts'
import type { Flow, Ticket } from './ticket.ts'
import { type CountObjects, seatsFor } from './width.ts'

export interface FlowControlOptions {
  readonly ports: Pick<Ports, 'clock' | 'metrics'>
  readonly schemas: Source<FlowSchema>
  readonly levels: Source<PriorityLevelConfiguration>
  /** Of all levels together: upstream's --max-requests-inflight and --max-mutating-requests-inflight in one. */
  readonly totalSeats: number
  readonly countObjects: CountObjects
}

/** Where a request belongs. */
export type Placement = Flow<Level>

/** API priority and fairness (KEP-1040), driven by the FlowSchemas and PriorityLevelConfigurations of the cluster. */
export interface FlowControl {
  /** Follows the objects from now on; before that, and where they are missing, the mandatory ones count. */
  start(): Cancel
  place(context: RequestContext): Placement
  /** Seats for a request, at once or later; a rejection says why there are none. */
  enter(context: RequestContext, placement: Placement): Ticket | Rejection | Promise<Ticket | Rejection>
  leave(placement: Placement, ticket: Ticket): void
  /** Of now, by name; for the debug pages. */
  levels(): readonly Level[]
  readonly totalSeats: number
}

/** Upstream's borrowingAdjustmentPeriod. */
const lendEveryMs = 10_000

interface State {
  levels: Map<string, Level>
  classify: ReturnType<typeof createClassifier<Placement>>
  /** Takes what nothing else matches. */
  rest: Placement
}

export function createFlowControl(options: FlowControlOptions): FlowControl {
  const { ports, schemas, levels, totalSeats } = options
  let state: State | undefined
  let following = false
  const current = () => {
    if (state) return state
    const stored = following
      ? { schemas: schemas.list(), levels: levels.list() }
      : { schemas: [], levels: [] }
    state = build(options, stored, previous)
    previous = state.levels
    return state
  }
  let previous = new Map<string, Level>()
  const forget = () => {
    state = undefined
  }
  const lender = createLender(() => [...current().levels.values()], totalSeats, ports)
  const gate = { clock: ports.clock, onContended: lender.onContended }
  return {
    start() {
      following = true
      const stopTelling = ports.metrics.onRead(() => tellLevels(current().levels.values(), ports))
      const cancels = [schemas.onChange(forget), levels.onChange(forget), lender.stop, stopTelling]
      return () => {
        for (const cancel of cancels) cancel()
      }
    },
    place({ user, info }) {
      const { classify, rest } = current()
      return classify(user, info) ?? rest
    },
    enter(context, { schema, level, series }) {
      const seats = seatsFor(context, level, options.countObjects)
      series.estimatedSeats.observe(seats)
      const distinguisher = distinguisherOf(schema, context.user, context.info)
      return acquire(
        level,
        { context, series, seats, distinguisher, schemaName: schema.metadata.name! },
        gate,
      )
    },
    leave: ({ level }, ticket) => release(level, ticket, ports.clock),
    totalSeats,
    levels: () => [...current().levels.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function tellLevels(levels: Iterable<Level>, { metrics, clock }: FlowControlOptions['ports']): void {
  const nowMs = clock.monotonicMs()
  for (const { name, times, queues } of levels) {
    tellTimes(metrics, name, times, nowMs)
    const { seconds, startSeconds } = queues?.lastTaken() ?? { seconds: 0, startSeconds: 0 }
    const current = queues?.virtualSeconds() ?? 0
    tellVirtualTime(metrics, name, { current, dispatch: seconds, latest: startSeconds })
  }
}

interface Stored {
  readonly schemas: readonly FlowSchema[]
  readonly levels: readonly PriorityLevelConfiguration[]
}

function build(
  { ports, totalSeats }: FlowControlOptions,
  stored: Stored,
  previous: Map<string, Level>,
): State {
  const configs = withMandatory(stored.levels, bootstrapLevels)
  const levels = buildLevels(configs, { totalSeats, ports }, previous)
  for (const level of levels.values()) {
    tellNominal(level, ports.metrics)
    measureAgainstLimits(level, ports.clock.monotonicMs())
  }
  for (const name of previous.keys()) if (!levels.has(name)) forgetLevel(ports.metrics, name)
  const placements = inMatchingOrder(withMandatory(stored.schemas, bootstrapSchemas)).flatMap(schema => {
    const level = levels.get(schema.spec?.priorityLevelConfiguration.name ?? '')
    if (!level) return []
    return [{ schema, level, series: schemaSeries(ports.metrics, level.name, schema.metadata.name!) }]
  })
  const rest = placements.findLast(({ schema }) => schema.metadata.name === 'catch-all') ?? placements.at(-1)!
  return { levels, classify: createClassifier(placements), rest }
}

function withMandatory<T extends FlowSchema | PriorityLevelConfiguration>(
  stored: readonly T[],
  bootstrap: readonly T[],
): readonly T[] {
  const missing = bootstrap.filter(
    ({ metadata: { name = '' } }) =>
      mandatoryNames.has(name) && !stored.some(each => each.metadata.name === name),
  )
  return [...stored, ...missing]
}

/** A level whose queues stay the same keeps them, with everybody who holds seats or waits. */
function buildLevels(
  configs: readonly PriorityLevelConfiguration[],
  { totalSeats, ports }: Pick<FlowControlOptions, 'totalSeats' | 'ports'>,
  previous: Map<string, Level>,
): Map<string, Level> {
  const { metrics, clock } = ports
  const shares = configs.reduce((sum, config) => sum + sharesOf(config), 0)
  return new Map(
    configs.map(config => {
      const name = config.metadata.name!
      const limits = limitsOf(config, totalSeats, shares)
      const known = previous.get(name)
      if (!known || !isSameKind(known.config, config)) {
        const times = levelTimes(metrics, name, clock.monotonicMs())
        return [name, createLevel(config, limits, times)]
      }
      const isMoved = !isDeepStrictEqual(known.limits, limits)
      Object.assign(known, { config, limits, ...(isMoved && { current: limits.nominal }) })
      return [name, known]
    }),
  )
}

function isSameKind(a: PriorityLevelConfiguration, b: PriorityLevelConfiguration): boolean {
  return (
    a.spec?.type === b.spec?.type &&
    isDeepStrictEqual(a.spec?.limited?.limitResponse, b.spec?.limited?.limitResponse)
  )
}

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  return (spec?.limited ?? spec?.exempt)?.nominalConcurrencyShares ?? (spec?.limited ? 30 : 0)
}

function limitsOf(config: PriorityLevelConfiguration, totalSeats: number, shares: number): LevelLimits {
  const { limited, exempt } = config.spec ?? {}
  const nominal = Math.ceil((totalSeats * sharesOf(config)) / shares)
  const lendable = (limited ?? exempt)?.lendablePercent ?? 0
  const borrowing = limited?.borrowingLimitPercent
  return {
    nominal,
    lower: nominal - Math.round((nominal * lendable) / 100),
    upper: borrowing === undefined ? totalSeats : nominal + Math.round((nominal * borrowing) / 100),
  }
}

/** Lends seats when a request finds none free, and again each period until every level is back at its own. */
function createLender(
  levels: () => readonly Level[],
  totalSeats: number,
  { clock, metrics }: FlowControlOptions['ports'],
) {
  let cancel: Cancel | undefined
  const lend = () => {
    lendSeats(levels(), totalSeats, metrics)
    for (const level of levels()) {
      measureAgainstLimits(level, clock.monotonicMs())
      dispatch(level, clock)
    }
  }
  const period = () => {
    const isQuiet = levels().every(level => isExempt(level) || level.highWatermark <= level.limits.lower)
    lend()
    cancel = isQuiet ? undefined : clock.setTimer(lendEveryMs, period)
  }
  return {
    onContended() {
      if (cancel) return
      cancel = clock.setTimer(lendEveryMs, period)
      lend()
    },
    stop: () => cancel?.(),
  }
}
