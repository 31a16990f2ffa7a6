import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { messageOf } from '../../std/message.ts'
import type { ObservedSandbox, PodIdentity } from '../runtime/runtime.ts'
import { qosClass } from '../status/qos.ts'
import { admitPod, affinityReason, judgeResize, type Rejection } from './admit.ts'
import type { PodEnvironment } from './environment.ts'
import type { ResizeRefusal } from './resize-state.ts'
import { PodWorker } from './worker.ts'

export interface PodWorkersOptions {
  readonly env: PodEnvironment
  readonly node: () => Node | undefined
  /** The node as the API server has it now. */
  readonly freshNode: () => Promise<Node>
}

/** A pod of this node, and whether its source has it: `orphan` no more, `runtime_only` never while we ran. */
export interface PodEntry {
  readonly worker: PodWorker
  readonly source: 'desired' | 'orphan' | 'runtime_only'
}

type Entry = { -readonly [K in keyof PodEntry]: PodEntry[K] }

const retryMs = 5_000
const graceDefaultSeconds = 30

/** All pods of a node. */
export class PodWorkers {
  readonly #env: PodEnvironment
  readonly #options: PodWorkersOptions
  /** New pods that wait for a fresh look at the node. */
  readonly #waiting = new Map<string, Pod>()
  readonly #entries = new Map<string, Entry>()
  readonly #rejected = new Map<string, Pod>()

  constructor(options: PodWorkersOptions) {
    this.#env = options.env
    this.#options = options
  }

  /** The pod as its source (API server or manifest) has it now. */
  apply(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const { deletionTimestamp } = pod.metadata
    if (this.#rejected.has(uid)) {
      this.#rejected.set(uid, pod)
      if (deletionTimestamp) this.#env.statuses.finish(pod)
      return
    }
    if (this.#waiting.has(uid)) return void this.#waiting.set(uid, pod)
    const known = this.#entries.get(uid)
    const seenMs = this.#env.ports.clock.monotonicMs()
    const refused = known || deletionTimestamp ? undefined : this.#rejection(pod, this.#options.node())
    if (refused?.reason === affinityReason) return this.#lookAgain(pod, seenMs)
    if (refused) return this.#refuse(pod, refused)
    this.#take(pod, seenMs)
  }

  #take(pod: Pod, seenMs: number): void {
    const uid = pod.metadata.uid ?? ''
    const { deletionTimestamp, deletionGracePeriodSeconds = graceDefaultSeconds } = pod.metadata
    const known = this.#entries.get(uid)
    const { worker } = known ?? this.#add(pod, { source: 'desired', seenMs })
    if (!known && isFinished(pod)) worker.end('completed', 0)
    if (deletionTimestamp) worker.end('deleted', Number(deletionGracePeriodSeconds))
    worker.update(pod)
    if (worker.ended && deletionTimestamp) this.#leaveLater(uid)
  }

  /** The source has no such pod any more. */
  removed(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    if (this.#waiting.delete(uid)) return
    if (this.#rejected.delete(uid)) return this.#env.statuses.forget(uid)
    const entry = this.#entries.get(uid)
    if (!entry) return
    entry.source = 'orphan'
    const graceSeconds = pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds
    entry.worker.end('orphaned', Math.max(1, Number(graceSeconds ?? graceDefaultSeconds)))
    entry.worker.wake()
    if (entry.worker.ended) this.#leaveLater(uid)
  }

  /** Ends what runs of pods that no source knows. Call once all sources have been read. */
  async endOrphans(): Promise<void> {
    const { sandboxes, containers } = await this.#env.runtime.containers.list()
    for (const { pod } of [...sandboxes, ...containers]) {
      if (this.#entries.has(pod.uid) || this.#rejected.has(pod.uid)) continue
      const seenMs = this.#env.ports.clock.monotonicMs()
      const { worker } = this.#add(orphan(pod), { source: 'runtime_only', seenMs })
      this.#env.meter.orphaned()
      worker.end('orphaned', 1)
    }
  }

  wake(podUid: string): void {
    this.#entries.get(podUid)?.worker.wake()
  }

  get(podUid: string): PodWorker | undefined {
    return this.#entries.get(podUid)?.worker
  }

  entries(): readonly PodEntry[] {
    return [...this.#entries.values()]
  }

  list(): readonly PodWorker[] {
    return [...this.#entries.values()].map(({ worker }) => worker)
  }

  close(): void {
    for (const { worker } of this.#entries.values()) worker.close()
  }

  #add(pod: Pod, { source, seenMs }: { source: PodEntry['source']; seenMs: number }): Entry {
    const worker = new PodWorker(this.#env, pod, {
      seenMs,
      onEnded: ended => this.#onEnded(ended),
      judgeResize: (asking, wanted) => this.#judgeResize(asking, wanted),
    })
    const entry = { worker, source }
    this.#entries.set(pod.metadata.uid ?? '', entry)
    return entry
  }

  async #onEnded({ pod }: PodWorker): Promise<void> {
    const uid = pod.metadata.uid ?? ''
    await this.#env.volumes.tearDown(uid)
    await this.#leave(uid)
    for (const worker of this.list()) if (worker.resize.pending) worker.reviewResize()
  }

  /** Clears away a pod that is on its way out for good; a completed one stays for its logs. */
  async #leave(uid: string): Promise<void> {
    const entry = this.#entries.get(uid)
    if (!entry || (entry.source === 'desired' && !entry.worker.pod.metadata.deletionTimestamp)) return
    await removeRemains(this.#env, uid)
    if (entry.source === 'desired') return this.#env.statuses.finish(entry.worker.pod)
    await this.#env.removeLogs(entry.worker.pod)
    entry.worker.close()
    this.#entries.delete(uid)
    this.#env.statuses.forget(uid)
  }

  #leaveLater(uid: string): void {
    const { log, clock } = this.#env.ports
    void this.#leave(uid).catch(error => {
      log.warn('remains of a pod were not removed', { uid, error: messageOf(error) })
      clock.setTimer(retryMs, () => this.#leaveLater(uid))
    })
  }

  #judgeResize(asking: PodWorker, wanted: Pod): ResizeRefusal | undefined {
    const node = this.#options.node()
    if (!node) return { reason: 'Deferred', message: 'the node is not registered yet' }
    const others = this.list().filter(worker => worker !== asking && !worker.ended)
    return judgeResize(
      wanted,
      others.map(worker => worker.pod),
      node,
    )
  }

  /** The node's labels may have changed since we saw it: affinity is judged by the node as it is now. */
  #lookAgain(pod: Pod, seenMs: number): void {
    const uid = pod.metadata.uid ?? ''
    this.#waiting.set(uid, pod)
    const judge = (node: Node | undefined) => {
      const newest = this.#waiting.get(uid)
      if (!newest) return
      this.#waiting.delete(uid)
      const refused = newest.metadata.deletionTimestamp ? undefined : this.#rejection(newest, node)
      if (refused) this.#refuse(newest, refused)
      else this.#take(newest, seenMs)
    }
    void this.#options.freshNode().then(judge, error => {
      this.#env.ports.log.warn('the node was not read', { error: messageOf(error) })
      judge(this.#options.node())
    })
  }

  #refuse(pod: Pod, { reason, message }: Rejection): void {
    this.#rejected.set(pod.metadata.uid ?? '', pod)
    this.#env.events({ pod }, { type: 'Warning', reason, message })
    this.#env.meter.rejected(reason)
    this.#env.statuses.publish(pod, {
      ...pod.status,
      phase: 'Failed',
      reason,
      message: `Pod was rejected: ${message}`,
      qosClass: qosClass(pod),
      startTime: pod.status?.startTime ?? toTimestamp(this.#env.ports.clock.nowMs()),
    })
  }

  /** A pod that has started before, here or before a restart of ours, was admitted then. */
  #rejection(pod: Pod, present: Node | undefined): Rejection | undefined {
    if (!present || isFinished(pod) || pod.status?.startTime) return undefined
    const others = this.list().filter(worker => !worker.ended)
    return admitPod(
      pod,
      others.map(worker => worker.pod),
      present,
    )
  }
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
