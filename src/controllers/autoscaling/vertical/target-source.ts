import type { ScaleAnswer, TargetSource, WellKnownKind } from '../../../api/autoscaling/vertical/targets.ts'
import { type Catalog, resourceOfKind } from '../../../client/catalog.ts'
import { orUndefined } from '../../../client/failure.ts'
import type { ResourceRef } from '../../../client/resource.ts'
import type { WorkerContext } from '../../../controller/worker.ts'
import { fromApiVersion } from '../../../machinery/meta/group.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import {
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../kinds.ts'

/** What pods are made by, and what a worker that looks for it must follow. */
const makers: Readonly<Record<WellKnownKind, ResourceRef<KubeObject>>> = {
  CronJob: cronJobs as ResourceRef<KubeObject>,
  DaemonSet: daemonSets as ResourceRef<KubeObject>,
  Deployment: deployments as ResourceRef<KubeObject>,
  Job: jobs as ResourceRef<KubeObject>,
  ReplicaSet: replicaSets as ResourceRef<KubeObject>,
  ReplicationController: replicationControllers as ResourceRef<KubeObject>,
  StatefulSet: statefulSets as ResourceRef<KubeObject>,
}

/** Looks makers up among what is followed, and Scales of all else at the server. */
export function targetSource(
  context: Pick<WorkerContext, 'client' | 'informers' | 'use'>,
  catalog: Catalog,
): TargetSource {
  for (const resource of Object.values(makers)) context.use(resource)
  return {
    wellKnown: (kind, namespace, name) => context.informers.of(makers[kind]).store.get(namespace, name),
    async scale({ apiVersion, kind, name }, namespace) {
      const resource = resourceOfKind(catalog, apiVersion, kind)
      const { group = '' } = fromApiVersion(apiVersion) ?? {}
      if (!resource) throw new Error(`no matches for kind "${kind}" in group "${group}"`)
      const call = { verb: 'get', namespace, name, subresource: 'scale' } as const
      const scale = context.client.subresource<ScaleAnswer>(resource, call)
      const hasScale = resource.subresources?.some(subresource => subresource.name === 'scale') ?? true
      return hasScale ? await orUndefined(scale) : await scale
    },
  }
}
