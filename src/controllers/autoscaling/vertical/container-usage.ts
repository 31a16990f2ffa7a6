import { type Aggregate, memoryIntervalMs } from './aggregate.ts'

/** After an OOM a container gets so much more, and at least so many bytes more. */
const bumpUpRatio = 1.2
const bumpUpMinBytes = 100 * 1024 * 1024

/** The newest samples of one container, on their way into what its likes have used (upstream model/container.go). */
export class ContainerUsage {
  #cpuAtMs = Number.NEGATIVE_INFINITY
  #memoryAtMs: number | undefined
  /** End of the interval that the peaks are of; undefined before the first sample. */
  #intervalEndMs: number | undefined
  #peakBytes = 0
  #oomPeakBytes = 0
  readonly #aggregate: () => Aggregate

  /** `aggregate` is asked with each sample, for a pod's labels may change. */
  constructor(aggregate: () => Aggregate) {
    this.#aggregate = aggregate
  }

  /** A sample that is not newer than the last one is left out. */
  addCpu(milliCores: number, atMs: number): void {
    if (milliCores < 0 || atMs <= this.#cpuAtMs) return
    this.#aggregate().addCpu(milliCores, atMs)
    this.#cpuAtMs = atMs
  }

  addMemory(bytes: number, atMs: number): void {
    if (bytes < 0 || atMs < (this.#memoryAtMs ?? Number.NEGATIVE_INFINITY)) return
    this.#notePeak(bytes, atMs, 'used')
  }

  /** Takes what was asked for, or used if that was more, with the bump as a sample; OOMs of long ago are left out. */
  addOom(requestedBytes: number, atMs: number): void {
    if (atMs < (this.#memoryAtMs ?? atMs) - memoryIntervalMs) return
    const used = Math.max(requestedBytes, this.#peakBytes)
    const needed = Math.max(used + bumpUpMinBytes, Math.trunc(used * bumpUpRatio))
    this.#notePeak(needed, atMs, 'oom')
  }

  /** Takes the peak of an interval that is not over out of `aggregate`, so that after a restart it is not counted twice. */
  withoutPeak(aggregate: Aggregate, nowMs: number): void {
    const end = this.#intervalEndMs
    if (end !== undefined && nowMs < end) aggregate.subtractMemoryPeak(this.#peak(), end)
  }

  #peak(): number {
    return Math.max(this.#peakBytes, this.#oomPeakBytes)
  }

  #notePeak(bytes: number, atMs: number, why: 'used' | 'oom'): void {
    this.#memoryAtMs = atMs
    const end = this.#intervalEndMs ?? atMs
    if (atMs < end) {
      const before = this.#peak()
      if (before === 0 || bytes <= before) return
      this.#aggregate().subtractMemoryPeak(before, end)
    } else {
      const passed = Math.floor((atMs - end) / memoryIntervalMs) + 1
      this.#intervalEndMs = end + passed * memoryIntervalMs
      this.#peakBytes = 0
      this.#oomPeakBytes = 0
    }
    this.#aggregate().addMemoryPeak(bytes, this.#intervalEndMs!)
    if (why === 'oom') this.#oomPeakBytes = bytes
    else this.#peakBytes = bytes
  }
}
