/** What a checkpoint keeps of a histogram (autoscaling.k8s.io/v1 HistogramCheckpoint). */
export interface HistogramCheckpoint {
  readonly referenceTimestamp: string | null
  /** Of each bucket that is not empty; the heaviest weighs 10,000. */
  readonly bucketWeights?: Readonly<Record<string, number>>
  readonly totalWeight?: number
}

/** Buckets that grow by a constant ratio, the last without an end (upstream util/histogram_options.go). */
export interface Buckets {
  readonly starts: readonly number[]
  readonly find: (value: number) => number
}

const bucketRatio = 1.05
const checkpointWeightMax = 10_000
/** What weighs less than this counts as nothing. */
const epsilon = 0.0001
const halfLifeMs = 24 * 3_600_000
/** Weights double every half-life; behind so many doublings they are scaled down. */
const doublingsMax = 100

/** Buckets from `first` on, each 5 % wider than the one before it, up to `max`. */
export function exponentialBuckets(max: number, first: number): Buckets {
  const grown = (value: number) => Math.log((value * (bucketRatio - 1)) / first + 1) / Math.log(bucketRatio)
  const count = Math.ceil(grown(max)) + 1
  const starts = Array.from({ length: count }, (_, bucket) =>
    bucket === 0 ? 0 : (first * (powered(bucketRatio, bucket) - 1)) / (bucketRatio - 1),
  )
  return {
    starts,
    find: value => (value < first ? 0 : Math.min(Math.trunc(grown(value)), count - 1)),
  }
}

/** By squaring, so that it rounds as upstream's does whatever the platform's own `pow`. */
function powered(base: number, exponent: number): number {
  let result = 1
  for (let [rest, square] = [exponent, base]; rest > 0; [rest, square] = [rest >> 1, square * square])
    if (rest % 2 === 1) result *= square
  return result
}

/**
 * A histogram whose samples lose half of their weight in a day (upstream util/decaying_histogram.go). Times are
 * milliseconds since 1970.
 */
export class DecayingHistogram {
  readonly #buckets: Buckets
  readonly #weights: Float64Array
  #total = 0
  /** The first and the last bucket that are not empty; of an empty histogram the last and the first of all. */
  #min: number
  #max = 0
  /** Samples of this time have weight 1; a whole multiple of the half-life. Undefined: there were none yet. */
  #referenceMs: number | undefined

  constructor(buckets: Buckets) {
    this.#buckets = buckets
    this.#weights = new Float64Array(buckets.starts.length)
    this.#min = buckets.starts.length - 1
  }

  get isEmpty(): boolean {
    return this.#weights[this.#min]! < epsilon
  }

  add(value: number, weight: number, atMs: number): void {
    const bucket = this.#buckets.find(value)
    const added = weight * this.#decayFactor(atMs)
    this.#weights[bucket]! += added
    this.#total += added
    if (this.#weights[bucket]! < epsilon) return
    this.#min = Math.min(this.#min, bucket)
    this.#max = Math.max(this.#max, bucket)
  }

  /** Takes away a sample that was added with the same arguments. */
  subtract(value: number, weight: number, atMs: number): void {
    const bucket = this.#buckets.find(value)
    const taken = weight * this.#decayFactor(atMs)
    this.#total = withoutDust(this.#total - taken)
    this.#weights[bucket] = withoutDust(this.#weights[bucket]! - taken)
    this.#narrow()
  }

  /** Adds all that is in another one of the same buckets. */
  merge(other: DecayingHistogram): void {
    const [own = Number.NEGATIVE_INFINITY, others = Number.NEGATIVE_INFINITY] = [
      this.#referenceMs,
      other.#referenceMs,
    ]
    if (own < others) this.#shift(others)
    else if (others < own) other.#shift(own)
    for (let bucket = other.#min; bucket <= other.#max; bucket++)
      this.#weights[bucket]! += other.#weights[bucket]!
    this.#total += other.#total
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
  }

  /** The end of the bucket that the share (0 to 1) of all weight lies below of; 0 when there is nothing. */
  percentile(share: number): number {
    if (this.isEmpty) return 0
    const threshold = share * this.#total
    let sum = 0
    let bucket = this.#min
    for (; bucket < this.#max; bucket++) {
      sum += this.#weights[bucket]!
      if (sum >= threshold) break
    }
    const { starts } = this.#buckets
    return starts[Math.min(bucket + 1, starts.length - 1)]!
  }

  save(): HistogramCheckpoint {
    const held = this.#weights.subarray(this.#min, this.#max + 1)
    const ratio = checkpointWeightMax / held.reduce((most, weight) => Math.max(most, weight), 0)
    const weights = [...held].flatMap((weight, index) => {
      const rounded = Math.floor(weight * ratio + 0.5)
      return rounded > 0 ? [[this.#min + index, rounded] as const] : []
    })
    const atMs = this.#referenceMs
    return {
      referenceTimestamp: atMs === undefined ? null : `${new Date(atMs).toISOString().slice(0, 19)}Z`,
      ...(weights.length > 0 && { bucketWeights: Object.fromEntries(weights) }),
      ...(this.#total !== 0 && { totalWeight: this.#total }),
    }
  }

  /** Reads what `save` made into an empty histogram; throws when it does not fit. */
  load({ referenceTimestamp, bucketWeights = {}, totalWeight = 0 }: HistogramCheckpoint): void {
    if (totalWeight < 0) throw new Error(`cannot load checkpoint with negative weight ${totalWeight}`)
    const count = this.#weights.length
    const weights = Object.entries(bucketWeights).map(([bucket, weight]) => [Number(bucket), weight] as const)
    for (const [bucket] of weights) {
      if (bucket >= count)
        throw new Error(`checkpoint has bucket ${bucket} that is exceeding histogram buckets ${count}`)
      if (bucket < 0) throw new Error(`checkpoint has a negative bucket ${bucket}`)
    }
    const sum = weights.reduce((all, [, weight]) => all + weight, 0)
    this.#referenceMs = referenceTimestamp ? Date.parse(referenceTimestamp) : undefined
    if (sum === 0) return
    for (const [bucket, weight] of weights) {
      this.#min = Math.min(this.#min, bucket)
      this.#max = Math.max(this.#max, bucket)
      this.#weights[bucket]! += weight * (totalWeight / sum)
    }
    this.#total += totalWeight
    this.#narrow()
  }

  #decayFactor(atMs: number): number {
    const reference = this.#referenceMs
    if (reference === undefined || atMs > reference + halfLifeMs * doublingsMax) this.#shift(atMs)
    return 2 ** ((atMs - this.#referenceMs!) / halfLifeMs)
  }

  #shift(toMs: number): void {
    const reference = Math.floor(toMs / halfLifeMs + 0.5) * halfLifeMs
    const doublings = this.#referenceMs === undefined ? 0 : (this.#referenceMs - reference) / halfLifeMs
    this.#referenceMs = reference
    const factor = 2 ** Math.floor(doublings + 0.5)
    for (let bucket = this.#min; bucket <= this.#max; bucket++) this.#weights[bucket]! *= factor
    this.#total *= factor
    this.#narrow()
  }

  /** Buckets at the ends that have become empty are not looked at any more. */
  #narrow(): void {
    while (this.#weights[this.#min]! < epsilon && this.#min < this.#weights.length - 1) this.#min++
    while (this.#weights[this.#max]! < epsilon && this.#max > 0) this.#max--
  }
}

function withoutDust(weight: number): number {
  return weight < epsilon ? 0 : weight
}
