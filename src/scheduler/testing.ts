import type { Node, Pod } from '../api/types/core-v1.gen.ts'
import { createClient } from '../client/client.ts'
import { createObjectStore, type ObjectStore } from '../client/object-store.ts'
import { type ResourceName, type ResourceRef, resourceId } from '../client/resource.ts'
import { FakeTransport } from '../client/testing.ts'
import { createLabelIndexTwin } from '../kernels/label-index.ts'
import { createNodeColumnsTwin } from '../kernels/node-columns.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { Ports } from '../std/ports.ts'
import { simPorts } from '../std/sim-ports.ts'
import { findNode, type Verdict } from './framework/find-node.ts'
import type { Handle } from './framework/handle.ts'
import type { Cycle, SchedulerPlugin } from './framework/plugin.ts'
import {
  createProfiles,
  defaultProfile,
  defaultSchedulerName,
  type ProfileSpec,
  withPlugins,
} from './profiles.ts'
import {
  type ClusterSnapshot,
  createClusterSnapshot,
  type SchedulerKernels,
} from './snapshot/cluster-snapshot.ts'
import { createNominatedPods, type NominatedPods } from './snapshot/nominated-pods.ts'
import { podResources } from './snapshot/pod-resources.ts'

/** A cluster to try pods on: what the scheduler would know, and plugins over it; what they write lands in `api`. */
export interface TestCluster {
  readonly ports: Ports
  readonly api: FakeTransport
  readonly snapshot: ClusterSnapshot
  readonly nominated: NominatedPods
  readonly plugins: readonly SchedulerPlugin[]
  cycle(pod: Pod): Cycle
  verdict(pod: Pod, told?: Cycle['told']): Verdict
  /** The node's name, or the message of FailedScheduling. */
  place(pod: Pod): string
}

export interface TestClusterParts {
  readonly nodes?: readonly Node[]
  /** Pods that have a node: `spec.nodeName` says which. */
  readonly pods?: readonly Pod[]
  readonly objects?: readonly (readonly [ResourceName, readonly KubeObject[]])[]
  readonly profile?: ProfileSpec
  readonly extra?: readonly SchedulerPlugin[]
  /** Default: the twins. */
  readonly kernels?: SchedulerKernels
  readonly seed?: number
  /** Milliseconds since the epoch at the start. */
  readonly nowMs?: number
}

export function testCluster(parts: TestClusterParts): TestCluster {
  const { nodes = [], pods = [], objects = [], seed = 1, nowMs } = parts
  const ports = simPorts(seed, nowMs)
  const api = new FakeTransport()
  const twins = { columns: createNodeColumnsTwin(), labels: createLabelIndexTwin() }
  const snapshot = createClusterSnapshot(parts.kernels ?? twins)
  const nominated = createNominatedPods()
  const stores = new Map(objects.map(([kind, list]) => [resourceId(kind), createObjectStore(list)]))
  const handle: Handle = {
    ...{ ports, snapshot, nominated },
    client: createClient(api),
    recorder: { record: () => undefined, dropped: () => 0, flushed: async () => undefined },
    lists: {
      of: <T extends KubeObject>(kind: ResourceRef<T>) =>
        (stores.get(resourceId(kind)) ?? createObjectStore()) as unknown as ObjectStore<T>,
      onChange: () => () => undefined,
    },
    activate: () => undefined,
  }
  for (const node of nodes) snapshot.setNode(node)
  for (const pod of pods) snapshot.setPod(pod)
  const profile = withPlugins(parts.profile ?? defaultProfile(), parts.extra ?? [])
  const plugins = createProfiles([profile], handle).of(
    testPod('any', {}, { schedulerName: profile.schedulerName }),
  )!
  const cycle = (pod: Pod): Cycle => ({
    ...{ pod, snapshot, nominated },
    resources: podResources(pod),
    filters: [],
  })
  const verdict = (pod: Pod, told?: Cycle['told']) =>
    findNode(plugins, { ...cycle(pod), ...(told && { told }) }, ports.random)
  const place = (pod: Pod) => {
    const found = verdict(pod)
    return found.outcome === 'node' ? found.node.name : found.failure.message
  }
  return { ports, api, snapshot, nominated, plugins, cycle, verdict, place }
}

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
  labels?: Record<string, string>,
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, ...(labels && { labels }) },
    spec: {
      schedulerName: defaultSchedulerName,
      containers: [{ name: 'main', image: 'image', resources: { requests } }],
      ...spec,
    },
  }
}
