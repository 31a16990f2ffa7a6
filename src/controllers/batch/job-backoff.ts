import type { Pod } from '../../api/types/core-v1.gen.ts'
import { finishedMs } from './job-pods.ts'

/** job_controller.go DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff. */
const initialMs = 10_000
const maxMs = 600_000

interface Ends {
  readonly failedMs: Map<string, number>
  succeededMs: number
}

/** Remembers how the pods of each job ended, so that pods that keep failing are replaced ever more slowly. */
export class JobBackoff {
  readonly #ends = new Map<string, Ends>()

  /** Takes note of pods that have ended; one that is known already changes nothing. */
  note(jobUid: string, succeeded: readonly Pod[], failed: readonly Pod[]): void {
    if (succeeded.length + failed.length === 0) return
    const ends = this.#ends.get(jobUid) ?? { failedMs: new Map(), succeededMs: Number.NEGATIVE_INFINITY }
    this.#ends.set(jobUid, ends)
    for (const pod of failed)
      if (!ends.failedMs.has(pod.metadata.uid!)) ends.failedMs.set(pod.metadata.uid!, finishedMs(pod))
    ends.succeededMs = Math.max(ends.succeededMs, ...succeeded.map(finishedMs))
  }

  /** Ms until the next pod may be made. */
  waitMs(jobUid: string, nowMs: number): number {
    const { failedMs, succeededMs } = this.#ends.get(jobUid) ?? { failedMs: new Map(), succeededMs: 0 }
    const since = [...failedMs.values()].filter(endMs => endMs > succeededMs)
    return since.length === 0 ? 0 : pauseMs(since.length, Math.max(...since), nowMs)
  }

  forget(jobUid: string): void {
    this.#ends.delete(jobUid)
  }
}

/** Ms left of the pause after so many failures, the last of them at `lastMs`. */
export function pauseMs(failures: number, lastMs: number, nowMs: number): number {
  if (failures === 0) return 0
  const pause = Math.min(maxMs, initialMs * 2 ** (failures - 1))
  return Math.max(0, pause - (nowMs - lastMs))
}
