import type { Node } from '../../api/types/core-v1.gen.ts'
import type { AdmissionPlugin } from '../context.ts'
import { isAbout } from './refusal.ts'

const key = 'node.kubernetes.io/not-ready'
const effect = 'NoSchedule'

/** A new node takes no pods until the node lifecycle controller finds it ready (plugin/pkg/admission/nodetaint). */
export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: 'TaintNodesByCondition',
    handles: request => request.operation === 'CREATE' && isAbout(request, '', 'nodes'),
    admit({ object }) {
      const node = object as Node
      const taints = node.spec?.taints ?? []
      if (taints.some(taint => taint.key === key && taint.effect === effect)) return
      node.spec = { ...node.spec, taints: [...taints, { key, effect }] }
    },
  }
}
