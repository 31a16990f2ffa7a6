import { leases } from '../../../src/api/coordination/lease.ts'
import { nodes } from '../../../src/api/core/node.ts'
import { pods } from '../../../src/api/core/pod.ts'
import type { ContainerStatus, Node, Pod } from '../../../src/api/types/core-v1.gen.ts'
import { mergePatch, strategicPatch } from '../../../src/client/client.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../../src/client/failure.ts'
import { objectKey } from '../../../src/client/resource.ts'
import { toMicroTimestamp, toTimestamp } from '../../../src/client/timestamp.ts'
import type { JsonObject } from '../../../src/machinery/meta/object.ts'
import type { Side } from './side.ts'

/**
 * What becomes of a pod, by its annotation: `ready` (also without one), `unready`, `pending`, `succeed`,
 * `fail CODE`; for pods of an indexed job `0=succeed 1=fail 3 *=ready`. An image named `broken` cannot be had.
 */
export const fateAnnotation = 'oracle/fate'
/** A node with it is not answered for. */
const silentAnnotation = 'oracle/silent'
const indexAnnotation = 'batch.kubernetes.io/job-completion-index'
const leaseMs = 10_000
/** How long a pod takes to stop. */
const stoppingMs = 150

/** Answers for all nodes of a cluster, through its API alone: the same on both sides. Resolves when it has stopped. */
export async function runKubelets(side: Side, signal: AbortSignal): Promise<void> {
  const working = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const work = (key: string, sync: () => Promise<void>) => {
    if (working.has(key)) {
      again.add(key)
      return
    }
    const run = sync()
      .catch(error => {
        if (signal.aborted || isNotFound(error)) return
        if (!isConflict(error)) console.warn(`simulated kubelet: ${key}: ${error}`)
        again.add(key)
      })
      .then(() => {
        working.delete(key)
        if (again.delete(key) && !signal.aborted) work(key, sync)
      })
    working.set(key, run)
  }
  const podInformer = side.informers.of(pods)
  const cancelPods = podInformer.onChange(({ object }) => {
    if (!object) return
    const key = objectKey(object)
    work(key, () => syncPod(side, podInformer.store.byKey(key)))
  })
  const nodeInformer = side.informers.of(nodes)
  const cancelNodes = nodeInformer.onChange(({ object }) => {
    const name = object?.metadata.name
    if (name) work(name, () => syncNode(side, nodeInformer.store.byKey(name)))
  })
  while (!signal.aborted) {
    const talking = nodeInformer.store.list().filter(node => !node.metadata.annotations?.[silentAnnotation])
    await Promise.allSettled(talking.map(node => renewLease(side, node)))
    await pause(leaseMs, signal)
  }
  cancelPods()
  cancelNodes()
  await Promise.all(working.values())
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

async function renewLease({ client }: Side, { metadata }: Node): Promise<void> {
  const namespace = 'kube-node-lease'
  const spec = {
    holderIdentity: metadata.name,
    leaseDurationSeconds: 40,
    renewTime: toMicroTimestamp(Date.now()),
  }
  try {
    await client.create(leases, { metadata: { name: metadata.name, namespace }, spec })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await client.patch(leases, namespace, metadata.name!, { type: mergePatch, body: { spec } as JsonObject })
  }
}

async function syncNode(side: Side, node: Node | undefined): Promise<void> {
  if (!node || node.status?.conditions?.some(({ type }) => type === 'Ready')) return
  const room = { cpu: '64', memory: '256Gi', pods: '250' }
  const now = toTimestamp(Date.now())
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'ready',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  }
  const status = { capacity: room, allocatable: room, conditions: [ready] }
  const body = { status } as JsonObject
  await renewLease(side, node)
  await side.client.patch(nodes, undefined, node.metadata.name!, {
    type: mergePatch,
    subresource: 'status',
    body,
  })
}

async function syncPod(side: Side, pod: Pod | undefined): Promise<void> {
  if (!pod?.spec?.nodeName) return
  if (pod.metadata.deletionTimestamp) return await stop(side, pod)
  const { phase } = pod.status ?? {}
  if (phase === 'Succeeded' || phase === 'Failed') return
  const fate = fateOf(pod)
  const [what, code] = fate.split(' ')
  if (what === 'succeed') return await end(side, pod, 0)
  if (what === 'fail') return await end(side, pod, Number(code))
  if (pod.spec.containers.some(({ image }) => image?.includes('broken'))) return await fail(side, pod)
  if (what === 'pending') return
  await run(side, pod, what === 'ready')
}

function fateOf({ metadata }: Pod): string {
  const text = metadata.annotations?.[fateAnnotation] ?? 'ready'
  if (!text.includes('=')) return text
  const rules = new Map(text.split(';').map(rule => rule.trim().split('=') as [string, string]))
  return rules.get(metadata.annotations?.[indexAnnotation] ?? '') ?? rules.get('*') ?? 'ready'
}

async function stop(side: Side, pod: Pod): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  await Bun.sleep(stoppingMs)
  const { phase } = pod.status ?? {}
  if (phase !== 'Succeeded' && phase !== 'Failed') await end(side, pod, 137)
  await side.client.delete(pods, namespace, name!, { gracePeriodSeconds: 0, preconditions: { uid } })
}

async function end(side: Side, pod: Pod, exitCode: number): Promise<void> {
  const finishedAt = toTimestamp(Date.now())
  const terminated = {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: finishedAt,
    finishedAt,
  }
  const reason = exitCode === 0 ? 'PodCompleted' : 'PodFailed'
  await report(side, pod, {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    conditions: [readiness('False', reason)],
    containerStatuses: containers(pod, { terminated }, false),
  })
}

async function run(side: Side, pod: Pod, isReady: boolean): Promise<void> {
  const truth = isReady ? 'True' : 'False'
  const current = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status
  if (pod.status?.phase === 'Running' && current === truth) return
  const ip = pod.status?.podIP ?? nextIp()
  await report(side, pod, {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    startTime: toTimestamp(Date.now()),
    conditions: [readiness(truth)],
    containerStatuses: containers(pod, { running: { startedAt: toTimestamp(Date.now()) } }, isReady),
  })
}

async function fail(side: Side, pod: Pod): Promise<void> {
  const waiting = { reason: 'ErrImagePull', message: 'no such image' }
  if (pod.status?.containerStatuses?.some(({ state }) => state?.waiting)) return
  await report(side, pod, {
    phase: 'Pending',
    conditions: [readiness('False', 'ContainersNotReady')],
    containerStatuses: containers(pod, { waiting }, false),
  })
}

let lastIp = 0

function nextIp(): string {
  lastIp++
  return `10.99.${Math.floor(lastIp / 250)}.${(lastIp % 250) + 1}`
}

function readiness(status: string, reason?: string) {
  return { type: 'Ready', status, lastTransitionTime: toTimestamp(Date.now()), ...(reason && { reason }) }
}

function containers(
  { spec }: Pod,
  state: NonNullable<ContainerStatus['state']>,
  ready: boolean,
): ContainerStatus[] {
  return spec!.containers.map(({ name, image = '' }) => ({
    ...{ name, image, imageID: '', ready, state },
    restartCount: 0,
  }))
}

/** The status of a pod that has been replaced by one of its name interests nobody: a kubelet drops it. */
async function report({ client }: Side, { metadata }: Pod, status: object): Promise<void> {
  const { namespace, name, uid } = metadata
  const body = { metadata: { uid }, status } as unknown as JsonObject
  try {
    await client.patch(pods, namespace, name!, { type: strategicPatch, subresource: 'status', body })
  } catch (error) {
    const current = await client.get(pods, namespace, name!)
    if (current.metadata.uid === uid) throw error
  }
}
