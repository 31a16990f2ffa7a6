import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import type { ObservedSandbox, PodIdentity } from '../runtime/runtime.ts'
import { qosClass } from '../status/qos.ts'
import { toTime } from '../status/time.ts'
import { admitPod, type Rejection } from './admit.ts'
import type { PodEnvironment } from './environment.ts'
import { messageOf } from './start-error.ts'
import { createPodWorker, type PodWorker } from './worker.ts'

/** All pods of a node. */
export interface PodWorkers {
  /** The pod as its source (API server or manifest) has it now. */
  apply(pod: Pod): void
  /** The source has no such pod any more. */
  removed(pod: Pod): void
  /** Ends what runs of pods that no source knows. Call once all sources have been read. */
  endOrphans(): Promise<void>
  wake(podUid: string): void
  get(podUid: string): PodWorker | undefined
  list(): readonly PodWorker[]
  close(): void
}

export interface PodWorkersOptions {
  readonly env: PodEnvironment
  readonly node: () => Node | undefined
}

interface Entry {
  readonly worker: PodWorker
  /** The source does not have it any more. */
  gone: boolean
}

export function createPodWorkers({ env, node }: PodWorkersOptions): PodWorkers {
  const entries = new Map<string, Entry>()
  const rejected = new Map<string, Pod>()

  const add = (pod: Pod): Entry => {
    const worker = createPodWorker(env, pod, { onEnded })
    const entry = { worker, gone: false }
    entries.set(pod.metadata.uid!, entry)
    return entry
  }

  const onEnded = async (worker: PodWorker) => {
    const uid = worker.pod.metadata.uid!
    await env.volumes.tearDown(uid)
    await leave(uid)
  }

  /** Clears away a pod that is on its way out for good; a completed one stays for its logs. */
  const leave = async (uid: string) => {
    const entry = entries.get(uid)
    if (!entry || (!entry.gone && !entry.worker.pod.metadata.deletionTimestamp)) return
    await removeRemains(env, uid)
    if (!entry.gone) return env.statuses.finish(entry.worker.pod)
    entry.worker.close()
    entries.delete(uid)
    env.statuses.forget(uid)
  }

  const leaveLater = (uid: string) =>
    void leave(uid).catch(error => {
      env.ports.log.warn('remains of a pod were not removed', { uid, error: messageOf(error) })
      env.ports.clock.setTimer(5_000, () => leaveLater(uid))
    })

  const refuse = (pod: Pod, { reason, message }: Rejection) => {
    rejected.set(pod.metadata.uid!, pod)
    env.events({ pod }, { type: 'Warning', reason, message })
    env.statuses.publish(pod, {
      ...pod.status,
      phase: 'Failed',
      reason,
      message: `Pod was rejected: ${message}`,
      qosClass: qosClass(pod),
      startTime: pod.status?.startTime ?? toTime(env.ports.clock.nowMs()),
    })
  }

  /** A pod that has started before, here or before a restart of ours, was admitted then. */
  const rejection = (pod: Pod): Rejection | undefined => {
    const present = node()
    if (!present || isOver(pod) || pod.status?.startTime) return undefined
    const others = [...entries.values()].filter(({ worker }) => !worker.ended).map(({ worker }) => worker.pod)
    return admitPod(pod, others, present)
  }

  const apply = (pod: Pod) => {
    const uid = pod.metadata.uid!
    if (rejected.has(uid)) {
      rejected.set(uid, pod)
      if (pod.metadata.deletionTimestamp) env.statuses.finish(pod)
      return
    }
    const known = entries.get(uid)
    const refused = known || pod.metadata.deletionTimestamp ? undefined : rejection(pod)
    if (refused) return refuse(pod, refused)
    const { worker } = known ?? add(pod)
    if (!known && isOver(pod)) worker.end('completed', 0)
    if (pod.metadata.deletionTimestamp) worker.end('deleted', pod.metadata.deletionGracePeriodSeconds ?? 30)
    worker.update(pod)
    if (worker.ended && pod.metadata.deletionTimestamp) leaveLater(uid)
  }

  return {
    apply,
    removed(pod) {
      const uid = pod.metadata.uid!
      if (rejected.delete(uid)) return env.statuses.forget(uid)
      const entry = entries.get(uid)
      if (!entry) return
      entry.gone = true
      entry.worker.end(
        'orphaned',
        Math.max(1, pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30),
      )
      entry.worker.wake()
      if (entry.worker.ended) leaveLater(uid)
    },
    async endOrphans() {
      const { sandboxes, containers } = await env.runtime.containers.list()
      for (const { pod } of [...sandboxes, ...containers]) {
        if (entries.has(pod.uid) || rejected.has(pod.uid)) continue
        const entry = add(orphan(pod))
        entry.gone = true
        entry.worker.end('orphaned', 1)
      }
    },
    wake: uid => entries.get(uid)?.worker.wake(),
    get: uid => entries.get(uid)?.worker,
    list: () => [...entries.values()].map(({ worker }) => worker),
    close() {
      for (const { worker } of entries.values()) worker.close()
    },
  }
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

async function removeRemains(env: PodEnvironment, podUid: string): Promise<void> {
  const { sandboxes, containers } = await env.runtime.containers.list(podUid)
  for (const { id } of containers) await env.runtime.containers.remove(id)
  for (const sandbox of sandboxes) {
    await env.network.teardown({ sandboxId: sandbox.id, podUid, pid: sandbox.pid, path: pathOf(sandbox) })
    await env.runtime.containers.remove(sandbox.id)
  }
}

function pathOf({ pid }: ObservedSandbox): string | undefined {
  return pid === undefined ? undefined : `/proc/${pid}/ns/net`
}

/** Stands for a pod of which only the runtime knows. */
function orphan({ uid, name, namespace }: PodIdentity): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { uid, name, namespace }, spec: { containers: [] } }
}
