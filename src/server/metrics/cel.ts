import type { HistogramSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import type { Steps } from '../../std/turns.ts'

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Names are upstream's (apiserver pkg/cel/metrics): rules of custom kinds, as there. */
const compilationSeconds: HistogramSpec = {
  name: 'apiserver_cel_compilation_duration_seconds',
  help: 'Seconds that the rules of a version of a custom kind took to compile.',
  stability: 'BETA',
  buckets,
}
const evaluationSeconds: HistogramSpec = {
  name: 'apiserver_cel_evaluation_duration_seconds',
  help: 'Seconds that all rules of a custom object took.',
  stability: 'BETA',
  buckets,
}

/** Does the work that it is given and measures it. */
export interface CelMeter {
  compiling(work: () => void): void
  /** The pauses of others do not count. */
  evaluating(work: Steps<void>): Steps<void>
}

export function celMeter({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): CelMeter {
  const compilations = metrics.histogram(compilationSeconds).with()
  const evaluations = metrics.histogram(evaluationSeconds).with()
  return {
    compiling(work) {
      const startMs = clock.monotonicMs()
      work()
      compilations.observe((clock.monotonicMs() - startMs) / 1000)
    },
    *evaluating(work) {
      let spentMs = 0
      for (let isOver = false; !isOver; ) {
        const startMs = clock.monotonicMs()
        isOver = work.next().done === true
        spentMs += clock.monotonicMs() - startMs
        if (!isOver) yield
      }
      evaluations.observe(spentMs / 1000)
    },
  }
}
