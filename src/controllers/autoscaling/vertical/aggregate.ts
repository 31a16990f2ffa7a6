import { fromTimestamp, toTimestamp } from '../../../client/timestamp.ts'
import { DecayingHistogram, exponentialBuckets, type HistogramCheckpoint } from './histogram.ts'

/** autoscaling.k8s.io/v1 VerticalPodAutoscalerCheckpointStatus. */
export interface CheckpointStatus {
  readonly lastUpdateTime: string | null
  readonly version?: string
  readonly cpuHistogram: HistogramCheckpoint
  readonly memoryHistogram: HistogramCheckpoint
  readonly firstSampleStart: string | null
  readonly lastSampleStart: string | null
  readonly totalSamplesCount?: number
}

/** Cores, up to 1,000. */
const cpuBuckets = exponentialBuckets(1000, 0.01)
/** Bytes, up to 1 TB. */
const memoryBuckets = exponentialBuckets(1e12, 1e7)
const cpuSampleWeight = 0.1
/** The form of checkpoints that is read and written. */
const checkpointVersion = 'v3'

/** For so long one peak of memory is one sample, and so many of these intervals are remembered. */
export const memoryIntervalMs = 24 * 3_600_000
const memoryWindowMs = 8 * memoryIntervalMs

/** What all containers of one name and one set of labels have used (upstream model/aggregate_container_state.go). */
export class Aggregate {
  readonly cpu = new DecayingHistogram(cpuBuckets)
  readonly memoryPeaks = new DecayingHistogram(memoryBuckets)
  readonly createdMs: number
  /** Of CPU samples; undefined until there is one. */
  firstMs: number | undefined
  lastMs: number | undefined
  samples = 0

  constructor(createdMs: number) {
    this.createdMs = createdMs
  }

  addCpu(milliCores: number, atMs: number): void {
    this.cpu.add(milliCores / 1000, cpuSampleWeight, atMs)
    this.firstMs = Math.min(this.firstMs ?? atMs, atMs)
    this.lastMs = Math.max(this.lastMs ?? atMs, atMs)
    this.samples++
  }

  addMemoryPeak(bytes: number, atMs: number): void {
    this.memoryPeaks.add(bytes, 1, atMs)
  }

  subtractMemoryPeak(bytes: number, atMs: number): void {
    this.memoryPeaks.subtract(bytes, 1, atMs)
  }

  merge(other: Aggregate): void {
    this.cpu.merge(other.cpu)
    this.memoryPeaks.merge(other.memoryPeaks)
    if (other.firstMs !== undefined) this.firstMs = Math.min(this.firstMs ?? other.firstMs, other.firstMs)
    if (other.lastMs !== undefined) this.lastMs = Math.max(this.lastMs ?? other.lastMs, other.lastMs)
    this.samples += other.samples
  }

  /** Nothing was added for so long that it tells nothing any more. */
  isExpired(nowMs: number): boolean {
    const since = this.samples === 0 ? this.createdMs : (this.lastMs ?? Number.NEGATIVE_INFINITY)
    return nowMs - since >= memoryWindowMs
  }

  save(nowMs: number): CheckpointStatus {
    return {
      lastUpdateTime: toTimestamp(nowMs),
      version: checkpointVersion,
      cpuHistogram: this.cpu.save(),
      memoryHistogram: this.memoryPeaks.save(),
      firstSampleStart: this.firstMs === undefined ? null : toTimestamp(this.firstMs),
      lastSampleStart: this.lastMs === undefined ? null : toTimestamp(this.lastMs),
      ...(this.samples > 0 && { totalSamplesCount: this.samples }),
    }
  }

  /** What a checkpoint tells; throws when it is of another form or does not fit. */
  static load(status: CheckpointStatus, nowMs: number): Aggregate {
    if (status.version !== checkpointVersion)
      throw new Error(`unsupported checkpoint version ${status.version ?? ''}`)
    const loaded = new Aggregate(nowMs)
    loaded.samples = status.totalSamplesCount ?? 0
    loaded.firstMs = fromTimestamp(status.firstSampleStart ?? undefined)
    loaded.lastMs = fromTimestamp(status.lastSampleStart ?? undefined)
    loaded.memoryPeaks.load(status.memoryHistogram)
    loaded.cpu.load(status.cpuHistogram)
    return loaded
  }
}
