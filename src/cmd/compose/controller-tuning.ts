import type { ControllerTuning } from '../../controllers/tuning.ts'
import { componentValues } from '../component-arguments.ts'
import { lanesOf } from '../controller-manager-flags.ts'
import { chosenBy } from '../controller-names.ts'
import { durationMs } from '../flag-makers.ts'
import { type FlagReader, flagReader } from '../server-flags.ts'

/** What flags of kube-controller-manager say about the controllers. */
export function controllerTuning(server: FlagReader): ControllerTuning {
  const program = 'kube-controller-manager'
  const flags = flagReader(componentValues(program, server.list(`${program}-arg`)))
  const lanesGiven = Object.entries(lanesOf).flatMap(([flag, controllers]) => {
    const count = flags.integer(flag)
    return count > 0 ? controllers.map(name => [name, count] as const) : []
  })
  const ms = (name: string) => durationMs(flags.text(name))
  const hpaMs = (name: string) => ms(`horizontal-pod-autoscaler-${name}`)
  const number = (name: string) => Number(flags.text(name))
  return {
    runs: chosenBy(flags.list('controllers')),
    lanes: new Map(lanesGiven),
    unusedTokensMs: ms('legacy-service-account-token-clean-up-period'),
    finishedPodsMax: flags.integer('terminated-pod-gc-threshold'),
    autoscaling: {
      periodMs: hpaMs('sync-period'),
      tolerance: number('horizontal-pod-autoscaler-tolerance'),
      downscaleStabilizationMs: hpaMs('downscale-stabilization'),
      cpuInitializationMs: hpaMs('cpu-initialization-period'),
      initialReadinessMs: hpaMs('initial-readiness-delay'),
    },
    nodes: {
      monitorGraceMs: ms('node-monitor-grace-period'),
      startupGraceMs: ms('node-startup-grace-period'),
      monitorPeriodMs: ms('node-monitor-period'),
      evictionsPerSecond: number('node-eviction-rate'),
      secondaryEvictionsPerSecond: number('secondary-node-eviction-rate'),
      unhealthyShare: number('unhealthy-zone-threshold'),
      largeZoneMin: flags.integer('large-cluster-size-threshold'),
    },
  }
}
