import { addLists, type Usage } from '../../api/shared/quota/evaluator.ts'
import { chargedNames, evaluatorOf, inScopes, usageOf } from '../../api/shared/quota/evaluators.ts'
import type { ResourceQuota } from '../../api/types/core-v1.gen.ts'
import { type Catalog, type ServedResource, servedWith } from '../../client/catalog.ts'
import { objectKey, resourceId } from '../../client/resource.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import {
  compareQuantity,
  formatQuantity,
  parseQuantity,
  zeroQuantity,
} from '../../machinery/quantity/index.ts'
import { whenAborted } from '../../std/sleep.ts'
import { beginWork } from '../../std/turns.ts'
import { resourceQuotas } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'

/**
 * Writes into each quota what its namespace uses of it (upstream pkg/controller/resourcequota). Only kinds that
 * some quota counts are looked at.
 */
export function resourceQuotaController(catalog: Catalog): Worker {
  return {
    name: 'resourcequota',
    identity: 'resourcequota-controller',
    start(context) {
      const quotas = context.use(resourceQuotas).store
      context.watch(resourceQuotas, quota => (quota ? [objectKey(quota)] : []))
      const follow = follower(context, (resource, namespace) => {
        const counting = quotas.list(namespace).filter(quota => chargedNames(resource, quota).length > 0)
        for (const quota of counting) context.enqueue(objectKey(quota))
      })
      return async key => {
        const quota = quotas.byKey(key)
        if (!quota) return {}
        const counted = servedWith(catalog, 'list', 'watch').filter(
          resource => resource.namespaced !== false && chargedNames(resource, quota).length > 0,
        )
        await Promise.all(counted.map(follow))
        await writeStatus(context, quota, counted)
        return {}
      }
    },
  }
}

type Changed = (resource: ServedResource, namespace: string) => void

/** Subscribes to a resource once; resolves when all of it is known. */
function follower(context: WorkerContext, changed: Changed): (resource: ServedResource) => Promise<void> {
  const followed = new Set<string>()
  return async resource => {
    const informer = context.informers.of<KubeObject>(resource)
    const id = resourceId(resource)
    if (!followed.has(id)) {
      followed.add(id)
      // Whoever asks reads what is there by itself.
      const cancel = informer.onLaterChange(({ object, old }) => {
        const { namespace = '' } = (object ?? old)!.metadata
        const same = object && old && sameUsage(context, resource, [object, old])
        if (!same) changed(resource, namespace)
      })
      context.signal.addEventListener('abort', cancel, { once: true })
    }
    await Promise.race([informer.whenSynced(), whenAborted(context.signal)])
  }
}

function sameUsage(
  { ports }: WorkerContext,
  resource: ServedResource,
  [object, old]: readonly [KubeObject, KubeObject],
): boolean {
  const { grows, scopeFacts } = evaluatorOf(resource)
  if (!grows) return true
  if (!jsonEqual(scopeFacts?.(object), scopeFacts?.(old))) return false
  const nowMs = ports.clock.nowMs()
  return jsonEqual(texts(usageOf(resource, object, nowMs)), texts(usageOf(resource, old, nowMs)))
}

function texts(usage: Usage): Record<string, string> {
  return Object.fromEntries(Object.entries(usage).map(([name, amount]) => [name, formatQuantity(amount)]))
}

async function writeStatus(
  { client, informers, ports }: WorkerContext,
  quota: ResourceQuota,
  counted: readonly ServedResource[],
): Promise<void> {
  const nowMs = ports.clock.nowMs()
  const breathe = beginWork(ports.clock)
  const hard = quota.spec?.hard ?? {}
  const used: Record<string, string> = {}
  for (const resource of counted) {
    let total: Usage = {}
    for (const object of informers.of<KubeObject>(resource).store.list(quota.metadata.namespace)) {
      if (inScopes(quota, resource, object)) total = addLists(total, usageOf(resource, object, nowMs))
      const pause = breathe()
      if (pause) await pause
    }
    for (const name of chargedNames(resource, quota)) used[name] = formatQuantity(total[name] ?? zeroQuantity)
  }
  const { status } = quota
  if (jsonEqual(status?.hard ?? {}, hard) && status?.hard && sameAmounts(status.used ?? {}, used)) return
  await client.updateStatus(resourceQuotas, { ...quota, status: { hard, used } })
}

function sameAmounts(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(b)
  return (
    names.length === Object.keys(a).length &&
    names.every(
      name => a[name] !== undefined && compareQuantity(parseQuantity(a[name]), parseQuantity(b[name]!)) === 0,
    )
  )
}
