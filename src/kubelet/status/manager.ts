import type { Pod, PodStatus } from '../../api/types/core-v1.gen.ts'
import { type Client, strategicPatch } from '../../client/client.ts'
import { isConflict, isNotFound } from '../../client/failure.ts'
import { compareRevisions } from '../../client/resource.ts'
import { messageOf } from '../../std/message.ts'
import type { Ports } from '../../std/ports.ts'
import { pods } from '../resources.ts'
import { statusPatch } from './patch.ts'

export interface StatusManager {
  /** Reports a pod's status. Writes only what differs from what the server has; the newest one wins. */
  publish(pod: Pod, status: PodStatus): void
  /** The last status published for a pod. */
  of(podUid: string): PodStatus | undefined
  /** Once the published status is written: removes the object from the API server (grace 0, this uid only). */
  finish(pod: Pod): void
  forget(podUid: string): void
}

export interface StatusManagerOptions {
  readonly client: Client
  readonly ports: Ports
  readonly signal: AbortSignal
  /** The object on the server that stands for this pod: of a static pod its mirror, if there is one. */
  readonly apiPod: (pod: Pod) => Pod | undefined
  /** The server has what was published so long ago. */
  readonly written?: (tookMs: number) => void
}

interface Entry {
  pod: Pod
  status: PodStatus
  finished: boolean
  /** What our last write left on the server, and the revision that it made. */
  written: { readonly status: PodStatus; readonly revision: string | undefined } | undefined
  busy: boolean
  again: boolean
  /** Since when the server has another status than is published, by the monotonic clock. */
  staleSinceMs: number | undefined
}

const retryMs = 2_000

function newEntry(pod: Pod, status: PodStatus, staleSinceMs: number): Entry {
  const idle = { finished: false, written: undefined, busy: false, again: false }
  return { pod, status, ...idle, staleSinceMs }
}

function tellWritten({ ports, written }: StatusManagerOptions, entry: Entry): void {
  if (entry.staleSinceMs === undefined || entry.again) return
  written?.(ports.clock.monotonicMs() - entry.staleSinceMs)
  entry.staleSinceMs = undefined
}

/** Keeps the API server's pod statuses equal to the published ones (upstream pkg/kubelet/status). */
export function createStatusManager(given: StatusManagerOptions): StatusManager {
  const { client, ports, signal, apiPod } = given
  const entries = new Map<string, Entry>()

  const wake = (entry: Entry) => {
    if (entry.busy) {
      entry.again = true
      return
    }
    entry.busy = true
    void flush(entry)
  }

  const flush = async (entry: Entry) => {
    try {
      do {
        entry.again = false
        await write(entry)
      } while (entry.again)
    } catch (error) {
      ports.log.warn('pod status was not written', { pod: entry.pod.metadata.name, error: messageOf(error) })
      ports.clock.setTimer(retryMs, () => wake(entry))
    } finally {
      entry.busy = false
    }
  }

  const write = async (entry: Entry) => {
    const target = apiPod(entry.pod)
    if (!target || signal.aborted) return
    const { namespace, name, uid } = target.metadata
    const { status } = entry
    const patch = statusPatch(onServer(entry, target), status)
    try {
      let { resourceVersion } = target.metadata
      if (patch) {
        const body = { metadata: { uid }, status: patch }
        const options = { type: strategicPatch, body, subresource: 'status' }
        resourceVersion = (await client.patch(pods, namespace, name!, options)).metadata.resourceVersion
      }
      if (patch || !entry.written) entry.written = { status, revision: resourceVersion }
      tellWritten(given, entry)
      if (!entry.finished || entry.again || !target.metadata.deletionTimestamp) return
      await client.delete(pods, namespace, name!, { gracePeriodSeconds: 0, preconditions: { uid: uid! } })
    } catch (error) {
      // Another object has taken the name, or none has: this pod's status has no place any more.
      if (!isNotFound(error) && !(isConflict(error) && target.metadata.uid !== entry.pod.metadata.uid))
        throw error
    }
  }

  return {
    publish(pod, status) {
      const entry = entries.get(pod.metadata.uid!)
      if (!entry) {
        const made = newEntry(pod, status, ports.clock.monotonicMs())
        entries.set(pod.metadata.uid!, made)
        return wake(made)
      }
      entry.pod = pod
      const { written } = entry
      const same = written && entry.status === written.status && !statusPatch(written.status, status)
      const target = apiPod(pod)
      if (same && !(target && statusPatch(onServer(entry, target), status))) return
      entry.status = status
      entry.staleSinceMs ??= ports.clock.monotonicMs()
      wake(entry)
    },
    of: podUid => entries.get(podUid)?.status,
    finish(pod) {
      const entry = entries.get(pod.metadata.uid!)
      if (!entry) return
      entry.pod = pod
      entry.finished = true
      wake(entry)
    },
    forget: podUid => void entries.delete(podUid),
  }
}

/**
 * The status that the server has, as far as we know: what we wrote, until the object shows that somebody wrote
 * after us (the node lifecycle controller of a node that was cut off; upstream needsReconcile).
 */
function onServer({ written }: Entry, { metadata, status }: Pod): PodStatus {
  if (!written || compareRevisions(metadata.resourceVersion, written.revision) > 0) return status ?? {}
  return written.status
}
