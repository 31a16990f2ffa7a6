import type { ControllerTuning } from '../../controllers/tuning.ts'
import { componentValues } from '../component-arguments.ts'
import { lanesOf } from '../controller-manager-flags.ts'
import { durationMs } from '../operations-flags.ts'
import { type FlagReader, flagReader } from '../server-flags.ts'

/** What flags of kube-controller-manager say about the controllers. */
export function controllerTuning(server: FlagReader): ControllerTuning {
  const program = 'kube-controller-manager'
  const flags = flagReader(componentValues(program, server.list(`${program}-arg`)))
  const chosen = flags.list('controllers')
  const lanesGiven = Object.entries(lanesOf).flatMap(([flag, controllers]) => {
    const count = flags.integer(flag)
    return count > 0 ? controllers.map(name => [name, count] as const) : []
  })
  const ms = (name: string) => durationMs(flags.text(`horizontal-pod-autoscaler-${name}`))
  return {
    // As upstream: the last word about a name is as good as the first.
    runs: name => chosen.includes(name) || (chosen.includes('*') && !chosen.includes(`-${name}`)),
    lanes: new Map(lanesGiven),
    finishedPodsMax: flags.integer('terminated-pod-gc-threshold'),
    autoscaling: {
      periodMs: ms('sync-period'),
      tolerance: Number(flags.text('horizontal-pod-autoscaler-tolerance')),
      downscaleStabilizationMs: ms('downscale-stabilization'),
      cpuInitializationMs: ms('cpu-initialization-period'),
      initialReadinessMs: ms('initial-readiness-delay'),
    },
  }
}
