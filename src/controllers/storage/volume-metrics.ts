import { storageClassOf } from '../../api/shared/storage-class.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.gen.ts'
import { type Action, attempt, measure } from '../../controller/actions.ts'
import type { WorkerContext } from '../../controller/worker.ts'
import type { MetricSpec } from '../../std/metrics.ts'
import { persistentVolumeClaims, persistentVolumes } from '../kinds.ts'
import { tellCounts } from '../shared/told-counts.ts'

const spec = (name: string, help: string, labels?: readonly string[]): MetricSpec => ({
  name,
  help,
  ...(labels && { labels }),
  stability: 'ALPHA',
})
/** Names and labels are upstream's (pkg/controller/volume/persistentvolume/metrics). */
const volumes = spec('pv_collector_total_pv_count', 'Volumes that there are.', ['plugin_name', 'volume_mode'])
const ofClass = ['storage_class']
const boundVolumes = spec('pv_collector_bound_pv_count', 'Volumes that have a claim.', ofClass)
const freeVolumes = spec('pv_collector_unbound_pv_count', 'Volumes that have no claim.', ofClass)
const ofNamespace = ['namespace', 'storage_class', 'volume_attributes_class']
const boundClaims = spec('pv_collector_bound_pvc_count', 'Claims that have a volume.', ofNamespace)
const openClaims = spec('pv_collector_unbound_pvc_count', 'Claims that have no volume.', ofNamespace)
const assigned = spec(
  'retroactive_storageclass_total',
  'Claims without a class that were given the one that is the default now.',
)
const unassigned = spec('retroactive_storageclass_errors_total', 'Claims that could not be given it.')

/** Tells at each reading which volumes and claims there are and which have found each other, while the controller runs. */
export function tellVolumes({ informers, ports, signal }: WorkerContext): void {
  const { metrics } = ports
  const { store: volumeStore } = informers.of(persistentVolumes)
  const { store: claimStore } = informers.of(persistentVolumeClaims)
  const volumesThat = (isBound: boolean) => () =>
    volumeStore.list().filter(({ status }) => (status?.phase === 'Bound') === isBound)
  const claimsThat = (isBound: boolean) => () =>
    claimStore.list().filter(({ status }) => (status?.phase === 'Bound') === isBound)
  const cancels = [
    tellCounts(metrics, volumes, () => volumeStore.list(), pluginAndMode),
    tellCounts(metrics, boundVolumes, volumesThat(true), classOfVolume),
    tellCounts(metrics, freeVolumes, volumesThat(false), classOfVolume),
    tellCounts(metrics, boundClaims, claimsThat(true), classesOfClaim),
    tellCounts(metrics, openClaims, claimsThat(false), classesOfClaim),
  ]
  for (const family of [assigned, unassigned]) metrics.counter(family).with()
  const stop = () => {
    for (const cancel of cancels) cancel()
  }
  signal.addEventListener('abort', stop, { once: true })
}

/** Gives a claim a class, and counts what came of it. */
export function countedAssignment(give: Action): Action {
  return attempt([give], errors => [
    measure(metrics => {
      metrics
        .counter(errors.length > 0 ? unassigned : assigned)
        .with()
        .inc()
    }),
  ])
}

/** Only what controllers have a plugin for has a name. */
function pluginAndMode({ spec: wanted }: PersistentVolume): string[] {
  const plugin = wanted?.hostPath ? 'host-path' : wanted?.nfs ? 'nfs' : undefined
  return [plugin ? `kubernetes.io/${plugin}` : 'N/A', wanted?.volumeMode ?? 'Filesystem']
}

function classOfVolume({ spec: wanted }: PersistentVolume): string[] {
  return [wanted?.storageClassName ?? '']
}

function classesOfClaim(claim: PersistentVolumeClaim): string[] {
  const { metadata, spec: wanted } = claim
  return [metadata.namespace ?? '', storageClassOf(claim) ?? '', wanted?.volumeAttributesClassName ?? '']
}
