import { isFinished } from '../../api/core/pod/lifecycle.ts'
import type { Namespace, Pod } from '../../api/types/core-v1.gen.ts'
import { type Catalog, type ServedResource, servedWith } from '../../client/catalog.ts'
import { hasReason, orUndefined } from '../../client/failure.ts'
import { namespaceOf } from '../../client/object-store.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import type { Requeue, Worker, WorkerContext } from '../../controller/worker.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { messageOf } from '../../std/message.ts'
import { namespaces, pods } from '../kinds.ts'
import { followKinds } from './followed-kinds.ts'
import { deletionConditions, type Remains, staleVersion } from './namespace-conditions.ts'

/**
 * Empties namespaces that are being deleted, kind by kind as the server serves them, and then lets them go
 * (upstream pkg/controller/namespace). Pods go first; what is left says so in the status (KEP-5080).
 */
export function namespaceController(catalog: Catalog): Worker {
  return {
    name: 'namespace',
    identity: 'namespace-controller',
    concurrency: 10,
    start(context) {
      context.watch(namespaces, namespace => [
        namespace?.metadata.deletionTimestamp && namespace.metadata.name,
      ])
      context.signal.addEventListener('abort', wakeByContent(context, catalog), { once: true })
      return name => empty({ ...context, catalog }, name)
    },
  }
}

interface Emptying extends WorkerContext {
  readonly catalog: Catalog
}

/** The last object of a kind has disappeared from a namespace that is going. */
function wakeByContent(context: WorkerContext, catalog: Catalog): () => void {
  const { store } = context.informers.of(namespaces)
  const follow = (resource: ServedResource) => {
    const left = context.informers.of(resource).store
    context.watch(resource, (object, old) => {
      const name = old?.metadata.namespace
      if (object || !store.get(undefined, name ?? '')?.metadata.deletionTimestamp) return []
      return left.index(namespaceOf).count(name!) === 0 ? [name] : []
    })
    // Its informer ends with the resource.
    return () => {}
  }
  return followKinds(catalog, ({ namespaced }) => namespaced, follow)
}

/** Upstream's retry while something has finalizers. */
const finalizerWaitSeconds = 15

async function empty(emptying: Emptying, name: string): Promise<Requeue> {
  const { client, ports } = emptying
  const namespace = await orUndefined(client.get(namespaces, undefined, name))
  if (!namespace?.metadata.deletionTimestamp || !namespace.spec?.finalizers?.length) return {}
  const remains = await deleteContent(emptying, name)
  const conditions = deletionConditions(namespace.status?.conditions, remains, ports.clock.nowMs())
  const terminating = namespace.status?.phase === 'Terminating'
  const current =
    conditions === namespace.status?.conditions && terminating
      ? namespace
      : await client.updateStatus(namespaces, {
          ...namespace,
          status: { ...namespace.status, phase: 'Terminating', conditions },
        })
  const failures = [...remains.undiscovered.map(staleVersion), ...remains.errors]
  if (failures.length > 0) throw new Error(failures.join(', '))
  if (remains.objects.size > 0) return { afterMs: remains.waitSeconds * 500 + 1_000 }
  await finalize(emptying, current)
  return {}
}

interface Content extends Remains {
  readonly objects: Map<string, number>
  readonly finalizers: Map<string, number>
  readonly errors: string[]
  /** How long what remains may well take. */
  waitSeconds: number
  complete: boolean
}

async function deleteContent(emptying: Emptying, namespace: string): Promise<Content> {
  const content: Content = {
    objects: new Map(),
    finalizers: new Map(),
    errors: [],
    undiscovered: emptying.catalog.undiscovered?.() ?? [],
    waitSeconds: 0,
    complete: false,
  }
  // What nobody knows of just now cannot be emptied just now either.
  const isKnown = ({ group, version }: ServedResource) =>
    !content.undiscovered.includes(toApiVersion(group, version))
  const all = servedWith(emptying.catalog, 'delete').filter(each => each.namespaced && isKnown(each))
  const isPods = ({ group, plural }: ServedResource) => group === pods.group && plural === pods.plural
  for (const resource of all.filter(isPods)) await deleteKind(emptying, namespace, resource, content)
  if (content.objects.size > 0) return content
  for (const resource of all) if (!isPods(resource)) await deleteKind(emptying, namespace, resource, content)
  content.complete = true
  return content
}

async function deleteKind(
  emptying: Emptying,
  namespace: string,
  resource: ServedResource,
  content: Content,
): Promise<void> {
  const { client } = emptying
  try {
    const before = await client.list(resource, { namespace })
    if (before.items.length === 0) return
    if (resource.verbs.includes('deletecollection'))
      await client.deleteCollection(resource, { namespace }, { propagationPolicy: 'Background' })
    else
      for (const { metadata } of before.items)
        await orUndefined(
          client.delete(resource, namespace, metadata.name!, { propagationPolicy: 'Background' }),
        )
    countRemains(emptying, resource, (await client.list(resource, { namespace })).items, content)
  } catch (error) {
    // A resource that is not served any more has nothing left.
    if (!hasReason(error, 'NotFound', 'MethodNotAllowed')) content.errors.push(messageOf(error))
  }
}

function countRemains(
  { ports }: Emptying,
  resource: ServedResource,
  left: readonly KubeObject[],
  content: Content,
): void {
  if (left.length === 0) return
  content.objects.set(`${resource.plural}.${resource.group}`, left.length)
  for (const { metadata } of left)
    for (const finalizer of metadata.finalizers ?? [])
      content.finalizers.set(finalizer, (content.finalizers.get(finalizer) ?? 0) + 1)
  const grace = Math.max(0, ...left.map(object => graceSecondsLeft(object, ports.clock.nowMs())))
  const wait = grace === 0 && content.finalizers.size > 0 ? finalizerWaitSeconds : grace
  content.waitSeconds = Math.max(content.waitSeconds, wait)
}

/** How long an object that is being deleted may still take to end by itself. */
function graceSecondsLeft(object: KubeObject, nowMs: number): number {
  const deadlineMs = fromTimestamp(object.metadata.deletionTimestamp)
  if (deadlineMs === undefined || isFinished(object as Pod)) return 0
  return Math.max(0, Math.ceil((deadlineMs - nowMs) / 1000))
}

const ourFinalizer = 'kubernetes'

async function finalize({ client }: Emptying, namespace: Namespace): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter(finalizer => finalizer !== ourFinalizer)
  const body: Namespace = { ...namespace, spec: { ...namespace.spec, finalizers } }
  const { name } = namespace.metadata
  await orUndefined(
    client.subresource(namespaces, {
      verb: 'update',
      namespace: undefined,
      name: name!,
      subresource: 'finalize',
      body,
    }),
  )
}
