import type { Features } from '../../api/features/features.ts'
import { switchedGates } from '../../api/features/gates.ts'
import type { VastJudge } from '../../server/rest/vast-judge.ts'
import type { Clock } from '../../std/ports.ts'
import type { VastVerdict, VastWork } from './vast-worker.ts'
import { createAskedWorker } from './worker-questions.ts'

/** Judges vast objects in a Worker, by the rules of kinds with the same gates as here. */
export function createVastJudge(
  clock: Pick<Clock, 'setTimer'>,
  features: Pick<Features, 'enabled'>,
): VastJudge {
  const gates = switchedGates.filter(gate => features.enabled(gate))
  const ask = createAskedWorker<Omit<VastWork, 'id'>, VastVerdict>('vast', clock)
  return {
    async faults(question) {
      return (await ask({ ...question, gates })).faults
    },
  }
}
