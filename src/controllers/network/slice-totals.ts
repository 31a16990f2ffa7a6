import type { MetricSpec, Metrics } from '../../std/metrics.ts'

/** What one part of the slices of one owner comes to. */
export interface SliceShare {
  readonly endpoints: number
  readonly slices: number
  /** As many as would do if all were full. */
  readonly desired: number
}

/** The gauges of a sum. */
export type SliceTotalSpecs = Readonly<Record<keyof SliceShare, MetricSpec>>

/** What all owners come to, kept as their shares change. */
export class SliceTotals {
  readonly #specs: SliceTotalSpecs
  readonly #shares = new Map<string, Map<string, SliceShare>>()
  readonly #sum = { endpoints: 0, slices: 0, desired: 0 }

  constructor(specs: SliceTotalSpecs) {
    this.#specs = specs
  }

  has(owner: string): boolean {
    return this.#shares.has(owner)
  }

  /** Tells the sum with a new share of `owner` in it. */
  set(metrics: Metrics, owner: string, part: string, share: SliceShare): void {
    const parts = this.#shares.get(owner) ?? new Map<string, SliceShare>()
    this.#shares.set(owner, parts)
    this.#add(parts.get(part), -1)
    this.#add(share, 1)
    parts.set(part, share)
    this.#tell(metrics)
  }

  /** Tells the sum without an owner that is gone. */
  forget(metrics: Metrics, owner: string): void {
    for (const share of this.#shares.get(owner)?.values() ?? []) this.#add(share, -1)
    this.#shares.delete(owner)
    this.#tell(metrics)
  }

  #add(share: SliceShare | undefined, times: 1 | -1): void {
    if (!share) return
    this.#sum.endpoints += times * share.endpoints
    this.#sum.slices += times * share.slices
    this.#sum.desired += times * share.desired
  }

  #tell(metrics: Metrics): void {
    for (const what of ['endpoints', 'slices', 'desired'] as const)
      metrics.gauge(this.#specs[what]).with().set(this.#sum[what])
  }
}
