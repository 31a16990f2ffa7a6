import type { Binding, Node, Pod } from '../../api/types/core-v1.gen.ts'
import type { ObjectMeta } from '../../machinery/meta/object.ts'
import type { AdmissionPlugin } from '../context.ts'
import type { Lister } from '../lister.ts'
import { createsPod, isAbout } from './refusal.ts'

const copied = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

/**
 * A pod learns its node's zone and region when it is bound (plugin/pkg/admission/podtopologylabels). Labels set on
 * a Binding are the binding subresource's to carry over to the pod.
 */
export function podTopologyLabels(nodes: Lister<Node>): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    handles: request =>
      createsPod(request) || (request.operation === 'CREATE' && isAbout(request, '', 'pods', 'binding')),
    admit({ info, object }) {
      if (!object) return
      if (info.subresource === '') return copyLabels(nodes, (object as Pod).spec?.nodeName, object.metadata)
      const { target, metadata } = object as Binding
      if (target.kind === 'Node') copyLabels(nodes, target.name, metadata)
    },
  }
}

function copyLabels(nodes: Lister<Node>, nodeName: string | undefined, metadata: ObjectMeta): void {
  const labels = nodeName ? nodes.get('', nodeName)?.metadata.labels : undefined
  for (const key of copied) {
    const value = labels?.[key]
    if (value !== undefined) metadata.labels = { ...metadata.labels, [key]: value }
  }
}
