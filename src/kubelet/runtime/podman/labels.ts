import type { PodIdentity } from '../runtime.ts'

/** What a container of ours is known by, also to a kubelet that has forgotten everything. */
export const labels = {
  node: 'io.hutch.node',
  role: 'io.hutch.role',
  podUid: 'io.kubernetes.pod.uid',
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  container: 'io.kubernetes.container.name',
  attempt: 'io.kubernetes.container.restartCount',
  sandbox: 'io.kubernetes.sandbox.id',
  image: 'io.hutch.image',
  imageId: 'io.hutch.image-id',
  logPath: 'io.kubernetes.container.logpath',
  terminationMessagePath: 'io.kubernetes.container.terminationMessagePath',
} as const

export function identityLabels(pod: PodIdentity): Record<string, string> {
  return { [labels.podUid]: pod.uid, [labels.podName]: pod.name, [labels.podNamespace]: pod.namespace }
}

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`, dockershim's scheme; `POD` names the sandbox. */
export function engineName(pod: PodIdentity, container: string, attempt: number): string {
  return ['k8s', container, pod.name, pod.namespace, pod.uid, attempt].join('_')
}
