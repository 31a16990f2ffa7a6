import type { Pod, PodTemplateSpec } from '../../api/types/core-v1.gen.ts'
import type { EventNote } from '../../client/events.ts'
import { isNamespaceTerminating } from '../../client/failure.ts'
import type { ResourceName } from '../../client/resource.ts'
import { type Action, create, event, remove } from '../../controller/actions.ts'
import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { messageOf } from '../../std/message.ts'
import { pods } from '../kinds.ts'
import { controllerReference } from './owner.ts'

/** A pod of its own made from a template, named after its owner by the server (controller_utils.go). */
export function podFromTemplate(template: PodTemplateSpec, resource: ResourceName, owner: KubeObject): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  const { name, namespace } = owner.metadata
  const prefix = `${name}-`
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      // A prefix that could not start a name is used without its dash.
      generateName: nameIsDnsSubdomain(prefix, true).length === 0 ? prefix : name,
      namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerReference(resource, owner)],
    },
    spec: template.spec!,
  }
}

/** Creates a pod of a template and says so in an event of its owner. `generateName` when not the owner's name. */
export function createPod(
  template: PodTemplateSpec,
  resource: ResourceName,
  owner: KubeObject,
  generateName?: string,
): Action {
  const say = (note: EventNote) => [event(resource, owner, note)]
  const pod = podFromTemplate(template, resource, owner)
  const named = generateName ? { ...pod, metadata: { ...pod.metadata, generateName } } : pod
  return create(pods, named, {
    done: pod =>
      say({ type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${pod.metadata.name}` }),
    failed: error =>
      isNamespaceTerminating(error)
        ? []
        : say({ type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${messageOf(error)}` }),
  })
}

export function deletePod(pod: Pod, resource: ResourceName, owner: KubeObject): Action {
  const say = (note: EventNote) => [event(resource, owner, note)]
  return remove(
    pods,
    pod,
    {},
    {
      done: () =>
        say({ type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${pod.metadata.name}` }),
      failed: error =>
        say({ type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${messageOf(error)}` }),
    },
  )
}
