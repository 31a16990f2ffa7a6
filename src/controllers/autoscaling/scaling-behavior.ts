import type {
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../api/types/autoscaling-v2.gen.ts'
import type { AutoscalingTuning } from '../tuning.ts'

interface Recommendation {
  readonly replicas: number
  readonly atMs: number
}

interface Change {
  readonly replicas: number
  readonly atMs: number
}

/** What an autoscaler remembers of itself. */
export interface Memory {
  recommendations: Recommendation[]
  ups: Change[]
  downs: Change[]
}

export function newMemory(): Memory {
  return { recommendations: [], ups: [], downs: [] }
}

/** A size with the reasons for it, as conditions have them. */
export interface Limited {
  readonly replicas: number
  /** Undefined: recent recommendations change nothing. */
  readonly stabilized: { readonly reason: string; readonly message: string } | undefined
  readonly isLimited: boolean
  readonly reason: string
  readonly message: string
}

export interface Proposal {
  readonly autoscaler: HorizontalPodAutoscaler
  readonly memory: Memory
  readonly current: number
  readonly proposed: number
  readonly minReplicas: number
  readonly tuning: Pick<AutoscalingTuning, 'downscaleStabilizationMs'>
  readonly nowMs: number
}

/** Damps a proposal by what was recommended lately, and limits its rate (horizontal.go normalizeDesiredReplicas…). */
export function limit(proposal: Proposal): Limited {
  const stable = proposal.autoscaler.spec?.behavior ? stabilize(proposal) : stabilizeDown(proposal)
  const changed = stable !== proposal.proposed
  const { replicas, reason, message } = proposal.autoscaler.spec?.behavior
    ? limitRate(proposal, stable)
    : limitSimply(proposal, stable)
  return {
    ...{ replicas, reason, message },
    stabilized: changed ? stabilizedReason(proposal) : undefined,
    isLimited: replicas !== stable,
  }
}

function stabilizedReason({ autoscaler, current, proposed }: Proposal) {
  const up = autoscaler.spec?.behavior !== undefined && proposed >= current
  const way = up ? 'lower' : 'higher'
  const end = up ? 'lowest' : 'highest'
  return {
    reason: up ? 'ScaleUpStabilized' : 'ScaleDownStabilized',
    message: `recent recommendations were ${way} than current one, applying the ${end} recent recommendation`,
  }
}

function remember({ memory, proposed, nowMs }: Proposal, keptMs: number): void {
  const kept = memory.recommendations.filter(({ atMs }) => atMs >= nowMs - keptMs)
  memory.recommendations = [...kept, { replicas: proposed, atMs: nowMs }]
}

function stabilizeDown(proposal: Proposal): number {
  const { memory, proposed, nowMs, tuning } = proposal
  const windowMs = tuning.downscaleStabilizationMs
  const recent = memory.recommendations.filter(({ atMs }) => atMs >= nowMs - windowMs)
  remember(proposal, windowMs)
  return Math.max(proposed, ...recent.map(({ replicas }) => replicas))
}

function stabilize(proposal: Proposal): number {
  const { autoscaler, memory, current, proposed, nowMs, tuning } = proposal
  const { scaleUp, scaleDown } = autoscaler.spec!.behavior!
  const upMs = (scaleUp?.stabilizationWindowSeconds ?? 0) * 1000
  const downSeconds = scaleDown?.stabilizationWindowSeconds
  const downMs = downSeconds === undefined ? tuning.downscaleStabilizationMs : downSeconds * 1000
  const since = (windowMs: number) =>
    memory.recommendations.filter(({ atMs }) => atMs > nowMs - windowMs).map(({ replicas }) => replicas)
  const lowest = Math.min(proposed, ...since(upMs))
  const highest = Math.max(proposed, ...since(downMs))
  remember(proposal, Math.max(upMs, downMs))
  return Math.min(Math.max(current, lowest), highest)
}

interface Outcome {
  readonly replicas: number
  readonly reason: string
  readonly message: string
}

const withinRange = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
}
const tooMany = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const tooFew = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}
const tooFastUp = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const tooFastDown = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}

/** Without rules: at most twice as many, or four. */
function limitSimply({ autoscaler, current, minReplicas }: Proposal, wanted: number): Outcome {
  const { maxReplicas } = autoscaler.spec!
  const fastest = Math.max(2 * current, 4)
  const most = Math.min(maxReplicas, fastest)
  if (wanted < minReplicas) return { replicas: minReplicas, ...tooFew }
  if (wanted > most) return { replicas: most, ...(maxReplicas > fastest ? tooFastUp : tooMany) }
  return { replicas: wanted, ...withinRange }
}

function limitRate(proposal: Proposal, wanted: number): Outcome {
  const { autoscaler, current, minReplicas } = proposal
  const { maxReplicas, behavior } = autoscaler.spec!
  if (wanted > current) {
    const fastest = Math.max(current, rateLimit(proposal, behavior?.scaleUp, 1))
    const most = Math.min(maxReplicas, fastest)
    if (wanted > most) return { replicas: most, ...(maxReplicas > fastest ? tooFastUp : tooMany) }
  } else if (wanted < current) {
    const slowest = Math.min(current, rateLimit(proposal, behavior?.scaleDown, -1))
    const fewest = Math.max(minReplicas, slowest)
    if (wanted < fewest) return { replicas: fewest, ...(minReplicas < slowest ? tooFastDown : tooFew) }
  }
  return { replicas: wanted, ...withinRange }
}

/** How far the rules let the size go in one direction. */
function rateLimit(proposal: Proposal, rules: HPAScalingRules | undefined, direction: 1 | -1): number {
  const { current } = proposal
  if (rules?.selectPolicy === 'Disabled') return current
  const limits = (rules?.policies ?? []).map(policy => policyLimit(proposal, policy, direction))
  const farthest = (rules?.selectPolicy === 'Min') === direction < 0
  return farthest ? Math.max(...limits) : Math.min(...limits)
}

function policyLimit(
  { memory, current, nowMs }: Proposal,
  { type, value, periodSeconds }: HPAScalingPolicy,
  direction: 1 | -1,
): number {
  const within = (changes: readonly Change[]) =>
    changes
      .filter(({ atMs }) => atMs > nowMs - periodSeconds * 1000)
      .reduce((sum, { replicas }) => sum + replicas, 0)
  const before = current - within(memory.ups) + within(memory.downs)
  if (type === 'Pods') return before + direction * value
  const scaled = before * (1 + (direction * value) / 100)
  return direction > 0 ? Math.ceil(scaled) : Math.trunc(scaled)
}

/** Takes note of a change of size, and forgets what no rule looks at any more. */
export function noteChange(
  proposal: Omit<Proposal, 'proposed' | 'minReplicas' | 'tuning'>,
  replicas: number,
): void {
  const { autoscaler, memory, current, nowMs } = proposal
  const { behavior } = autoscaler.spec!
  if (!behavior) return
  const grows = replicas > current
  const policies = (grows ? behavior.scaleUp : behavior.scaleDown)?.policies ?? []
  const longestMs = Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds)) * 1000
  const kept = (grows ? memory.ups : memory.downs).filter(({ atMs }) => atMs >= nowMs - longestMs)
  const all = [...kept, { replicas: Math.abs(replicas - current), atMs: nowMs }]
  if (grows) memory.ups = all
  else memory.downs = all
}
