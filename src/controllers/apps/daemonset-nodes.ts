import { matchesRequired } from '../../api/shared/node-match.ts'
import { untoleratedTaint } from '../../api/shared/toleration.ts'
import type { DaemonSet } from '../../api/types/apps-v1.gen.ts'
import type {
  Affinity,
  Node,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Toleration,
} from '../../api/types/core-v1.gen.ts'
import { revisionHashLabel } from './revisions.ts'

const generationAnnotation = 'deprecated.daemonset.template.generation'
const generationLabel = 'pod-template-generation'

/** Whether a node shall get a daemon pod, and whether one that it has may stay. */
export interface Verdict {
  readonly run: boolean
  readonly stay: boolean
}

/** Node problems that a daemon lives through (pkg/controller/daemon/util AddOrUpdateDaemonPodTolerations). */
const tolerated: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]
const networkUnavailable: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
}

function daemonTolerations(spec: PodSpec): Toleration[] {
  const own = spec.tolerations ?? []
  const wanted = spec.hostNetwork ? [...tolerated, networkUnavailable] : tolerated
  const matches = (a: Toleration, b: Toleration) =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && !a.value
  const replaced = own.map(toleration => wanted.find(other => matches(toleration, other)) ?? toleration)
  return [...replaced, ...wanted.filter(other => !own.some(toleration => matches(toleration, other)))]
}

/** Where the daemons of a set belong (daemon_controller.go NodeShouldRunDaemonPod). */
export function verdictOn(node: Node, daemonSet: DaemonSet): Verdict {
  const spec = daemonSet.spec!.template.spec!
  const rightName = !spec.nodeName || spec.nodeName === node.metadata.name
  if (!rightName || !matchesRequired(node, spec)) return { run: false, stay: false }
  const tolerations = daemonTolerations(spec)
  const repels = (...effects: string[]) => untoleratedTaint(node.spec?.taints, tolerations, effects)
  if (!repels('NoExecute', 'NoSchedule')) return { run: true, stay: true }
  return { run: false, stay: !repels('NoExecute') }
}

/** The template for one node's daemon: the scheduler is told the node by its name. */
export function daemonTemplate(daemonSet: DaemonSet, nodeName: string, hash: string): PodTemplateSpec {
  const { template } = daemonSet.spec!
  const generation = daemonSet.metadata.annotations?.[generationAnnotation]
  const labels = {
    ...template.metadata?.labels,
    ...(generation !== undefined && { [generationLabel]: generation }),
    [revisionHashLabel]: hash,
  }
  const spec = template.spec!
  return {
    metadata: { ...template.metadata, labels },
    spec: { ...spec, tolerations: daemonTolerations(spec), affinity: onNode(spec.affinity, nodeName) },
  }
}

function onNode(affinity: Affinity | undefined, nodeName: string): Affinity {
  const here = { key: 'metadata.name', operator: 'In', values: [nodeName] }
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [here] }] },
    },
  }
}

/** The node that a daemon is on or meant for. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  const fields = (terms ?? []).flatMap(({ matchFields = [] }) => matchFields)
  const named = fields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
  return named?.values?.length === 1 ? named.values[0] : undefined
}

/** Made from today's template: by the revision's hash or, as older versions did, by the template's generation. */
export function isUpToDate(pod: Pod, daemonSet: DaemonSet, hash: string): boolean {
  const { labels = {} } = pod.metadata
  const generation = daemonSet.metadata.annotations?.[generationAnnotation]
  return (
    labels[revisionHashLabel] === hash || (generation !== undefined && labels[generationLabel] === generation)
  )
}
