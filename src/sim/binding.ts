import type { Pod } from '../api/types/core-v1.gen.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { conflict, successStatus } from '../machinery/status/errors.ts'
import { groupResource, timestamp, type Connector } from '../server/rest/call.ts'
import { cloneJson } from '../server/rest/clone.ts'
import { replace } from '../server/rest/replace.ts'

type Binding = KubeObject & { readonly target?: { readonly name?: string } }

/** pods/binding (registry/core/pod/storage BindingREST): gives a pod its node once, and says so in PodScheduled. */
export const bindPod: Connector = async call => {
  const { context, resource, deps } = call
  const { body } = context
  const binding = (body.kind === 'object' ? body.object : undefined) as Binding | undefined
  const nodeName = binding?.target?.name ?? ''
  const refuse = (message: string) => conflict(groupResource(resource), context.info.name, message)
  const make = (current: KubeObject) => {
    const pod = cloneJson(current) as Pod
    const { uid } = binding?.metadata ?? {}
    if (uid && uid !== pod.metadata.uid)
      throw refuse(
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`,
      )
    if (pod.metadata.deletionTimestamp)
      throw refuse(`pod ${pod.metadata.name} is being deleted, cannot be assigned to a host`)
    if (pod.spec!.nodeName)
      throw refuse(`pod ${pod.metadata.name} is already assigned to node "${pod.spec!.nodeName}"`)
    pod.spec!.nodeName = nodeName
    const scheduled = {
      type: 'PodScheduled',
      status: 'True',
      lastTransitionTime: timestamp(deps.ports.clock),
      observedGeneration: pod.metadata.generation,
    }
    const others = pod.status?.conditions?.filter(({ type }) => type !== 'PodScheduled') ?? []
    pod.status = { ...pod.status, conditions: [...others, scheduled] }
    return pod
  }
  await replace(call, { make, attemptsMax: 5, rules: { allowUnconditionalUpdate: true } })
  return { kind: 'object', status: 201, object: successStatus() as unknown as KubeObject, resource }
}
