import type { Node, Pod } from '../api/types/core-v1.gen.ts'

/** A node of a test's cluster: 4 CPUs, 8 GiB and 110 pods unless said otherwise. */
export function testNode(
  name: string,
  more: {
    allocatable?: Record<string, string>
    spec?: Node['spec']
    labels?: Record<string, string>
    images?: { names: string[]; sizeBytes: number }[]
  } = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...more.labels } },
    spec: more.spec ?? {},
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...more.allocatable },
      images: more.images,
    },
  }
}

/** A pending pod of one container that asks for `requests`. */
export function testPod(
  name: string,
  requests: Record<string, string> = {},
  spec: Partial<NonNullable<Pod['spec']>> = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: { containers: [{ name: 'main', image: 'image', resources: { requests } }], ...spec },
  }
}
