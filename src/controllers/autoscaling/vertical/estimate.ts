import type { Aggregate } from './aggregate.ts'

/** Whole thousandths of a core and whole bytes. */
export interface Amounts {
  readonly cpu: number
  readonly memory: number
}

export interface Estimate {
  readonly target: Amounts
  readonly lowerBound: Amounts
  readonly upperBound: Amounts
}

const shares = { target: 0.9, lowerBound: 0.5, upperBound: 0.95 } as const
const safetyMargin = 0.15
const podMin: Amounts = { cpu: 25, memory: 250 * 1024 * 1024 }
const amountMax = 1e14
const dayMs = 24 * 3_600_000
const minutesOfDay = 24 * 60

/** The same factor for both resources. */
type Widen = (confidence: number) => number

/**
 * What containers of a pod need by what they have used: the bounds are the wider the less is known, and all containers
 * together get at least 25m and 250Mi (upstream logic/recommender.go, logic/estimator.go).
 */
export function estimateAll(usage: ReadonlyMap<string, Aggregate>): Map<string, Estimate> {
  const least = {
    cpu: Math.trunc(podMin.cpu * (1 / usage.size)),
    memory: Math.trunc(podMin.memory * (1 / usage.size)),
  }
  return new Map([...usage].map(([name, aggregate]) => [name, estimate(aggregate, least)]))
}

function estimate(aggregate: Aggregate, least: Amounts): Estimate {
  const confidence = confidenceOf(aggregate)
  const at = (share: number, widen: Widen) => {
    const factor = widen(confidence)
    const need = (base: number, floor: number) => Math.max(scaled(withMargin(toAmount(base)), factor), floor)
    return {
      cpu: need(aggregate.cpu.percentile(share) * 1000, least.cpu),
      memory: need(aggregate.memoryPeaks.percentile(share), least.memory),
    }
  }
  return {
    target: at(shares.target, () => 1),
    lowerBound: at(shares.lowerBound, confidence => 1 / (1 + 0.001 / confidence) ** 2),
    upperBound: at(shares.upperBound, confidence => 1 + 1 / confidence),
  }
}

/** In days: how long there are samples of, or how many there are at one a minute, whichever is less. */
function confidenceOf({ firstMs, lastMs, samples }: Aggregate): number {
  return Math.min(((lastMs ?? 0) - (firstMs ?? 0)) / dayMs, samples / minutesOfDay)
}

function withMargin(amount: number): number {
  return amount + scaled(amount, safetyMargin)
}

function scaled(amount: number, factor: number): number {
  return toAmount(amount * factor)
}

/** Nothing times infinity is nothing, as upstream rounds it. */
function toAmount(value: number): number {
  return Number.isNaN(value) ? 0 : Math.trunc(Math.min(Math.max(value, 0), amountMax))
}
