import type { VerticalPodAutoscaler } from '../../../api/autoscaling/vertical/types.ts'
import { isNotFound } from '../../../client/failure.ts'
import { objectKey, toKey } from '../../../client/resource.ts'
import type { WorkerContext } from '../../../controller/worker.ts'
import { messageOf } from '../../../std/message.ts'
import { Aggregate } from './aggregate.ts'
import { verticalCheckpoints } from './kinds.ts'

const garbagePeriodMs = 600_000

/** What is known from before this process, and where it is kept (upstream checkpoint/, input/cluster_feeder.go). */
export interface Checkpoints {
  /** The first time reads what was kept of autoscalers that are there; later forgets it of those that are gone. */
  restore(autoscalers: readonly VerticalPodAutoscaler[], nowMs: number): void
  /** Adds what was read of an autoscaler to what its containers have used since. */
  mergeInto(
    sums: Map<string, Aggregate>,
    autoscaler: VerticalPodAutoscaler,
    nowMs: number,
  ): Map<string, Aggregate>
  /** Keeps what is known of an autoscaler's containers, one object for each. */
  store(autoscaler: VerticalPodAutoscaler, sums: ReadonlyMap<string, Aggregate>, nowMs: number): Promise<void>
  /** Every ten minutes deletes what was kept of autoscalers that are gone. */
  collectGarbage(nowMs: number, isThere: (key: string) => boolean): Promise<void>
}

export function checkpointsOf(context: WorkerContext): Checkpoints {
  const kept = context.use(verticalCheckpoints).store
  const { client, ports } = context
  /** By autoscaler, then by container. */
  let restored: Map<string, Map<string, Aggregate>> | undefined
  let garbageMs = ports.clock.nowMs()
  return {
    restore(autoscalers, nowMs) {
      if (restored) {
        const present = new Set(autoscalers.map(objectKey))
        for (const key of restored.keys()) if (!present.has(key)) restored.delete(key)
        return
      }
      restored = new Map(autoscalers.map(autoscaler => [objectKey(autoscaler), new Map()]))
      for (const { metadata, spec, status } of kept.list()) {
        const ofAutoscaler = restored.get(toKey(metadata.namespace, spec?.vpaObjectName ?? ''))
        if (!ofAutoscaler || !status) continue
        try {
          ofAutoscaler.set(spec?.containerName ?? '', Aggregate.load(status, nowMs))
        } catch (error) {
          ports.log.warn('cannot load checkpoint', { checkpoint: metadata.name, error: messageOf(error) })
        }
      }
    },
    mergeInto(sums, autoscaler, nowMs) {
      for (const [container, aggregate] of restored?.get(objectKey(autoscaler)) ?? []) {
        const sum = sums.get(container) ?? new Aggregate(nowMs)
        sum.merge(aggregate)
        sums.set(container, sum)
      }
      return sums
    },
    async store({ metadata: { namespace, name = '' } }, sums, nowMs) {
      for (const [container, sum] of sums) {
        const status = sum.save(nowMs)
        const named = { name: `${name}-${container}`, ...(namespace && { namespace }) }
        const body = [{ op: 'replace', path: '/status', value: status }]
        try {
          await client.patch(verticalCheckpoints, namespace, named.name, {
            ...{ type: 'application/json-patch+json', body },
          })
        } catch (error) {
          if (!isNotFound(error)) throw error
          const spec = { vpaObjectName: name, containerName: container }
          await client.create(verticalCheckpoints, { metadata: named, spec, status })
        }
      }
    },
    async collectGarbage(nowMs, isThere) {
      if (nowMs - garbageMs <= garbagePeriodMs) return
      garbageMs = nowMs
      for (const { metadata, spec } of kept.list()) {
        const { namespace, name = '' } = metadata
        if (isThere(toKey(namespace, spec?.vpaObjectName ?? ''))) continue
        await client.delete(verticalCheckpoints, namespace, name).catch((error: unknown) => {
          if (!isNotFound(error)) throw error
        })
      }
    },
  }
}
