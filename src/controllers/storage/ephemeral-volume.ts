import { claimName } from '../../api/core/claims.ts'
import type { Pod, Volume } from '../../api/types/core-v1.gen.ts'
import { objectKey } from '../../client/resource.ts'
import { create, event, measure, type Plan } from '../../controller/actions.ts'
import { applyPlan } from '../../controller/apply.ts'
import { informerStores, type View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { messageOf } from '../../std/message.ts'
import type { MetricSpec } from '../../std/metrics.ts'
import { persistentVolumeClaims, pods } from '../kinds.ts'
import { controllerReference } from '../shared/owner.ts'
import { wasMadeFor } from './claims.ts'

/** Upstream's names (pkg/controller/volume/ephemeral/metrics). */
const createTotal: MetricSpec = {
  name: 'ephemeral_volume_controller_create_total',
  help: 'Claims that were to be made for ephemeral volumes.',
  stability: 'ALPHA',
}
const failureTotal: MetricSpec = {
  name: 'ephemeral_volume_controller_create_failures_total',
  help: 'Claims for ephemeral volumes that could not be made.',
  stability: 'ALPHA',
}

/** Makes the claims of pods' generic ephemeral volumes (upstream pkg/controller/volume/ephemeral, KEP-1698). */
export const ephemeralVolumeController: Worker = {
  name: 'ephemeral-volume',
  identity: 'ephemeral-volume-controller',
  eventSource: 'ephemeral_volume',
  start(context) {
    const store = informerStores(context.informers)
    const podStore = context.use(pods).store
    const isAsking = (pod: Pod) =>
      !pod.metadata.deletionTimestamp && pod.spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined)
    context.watch(pods, pod => (pod && isAsking(pod) ? [objectKey(pod)] : []))
    context.watch(persistentVolumeClaims, (claim, old) => {
      const owner = claim ? undefined : old?.metadata.ownerReferences?.find(({ kind }) => kind === 'Pod')
      return owner ? [`${old!.metadata.namespace}/${owner.name}`] : []
    })
    return async key => {
      const pod = podStore.byKey(key)
      if (!pod || !isAsking(pod)) return {}
      const { error } = await applyPlan(context, planEphemeral(pod, store))
      if (error !== undefined) throw error
      return {}
    }
  },
}

export function planEphemeral(pod: Pod, store: View['store']): Plan {
  return (pod.spec?.volumes ?? [])
    .filter(({ ephemeral }) => ephemeral)
    .flatMap(volume => planVolume(pod, volume, store))
}

function planVolume(pod: Pod, volume: Volume, store: View['store']): Plan {
  const { namespace } = pod.metadata
  const name = claimName(pod, volume)!
  const warn = (problem: string) => {
    const message = `ephemeral volume ${volume.name}: ${problem}`
    return [event(pods, pod, { type: 'Warning', reason: 'FailedBinding', message })]
  }
  const existing = store(persistentVolumeClaims).get(namespace, name)
  if (existing)
    return wasMadeFor(pod, existing)
      ? []
      : warn(
          `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`,
        )
  const template = volume.ephemeral!.volumeClaimTemplate!
  const { labels, annotations } = template.metadata ?? {}
  const ownerReferences = [controllerReference(pods, pod)]
  const claim = { metadata: { name, namespace, labels, annotations, ownerReferences }, spec: template.spec }
  return [
    create(persistentVolumeClaims, claim, {
      done: () => [measure(metrics => metrics.counter(createTotal).with().inc())],
      failed: error => [
        ...warn(`create PVC ${name}: ${messageOf(error)}`),
        measure(metrics => {
          metrics.counter(createTotal).with().inc()
          metrics.counter(failureTotal).with().inc()
        }),
      ],
    }),
  ]
}
