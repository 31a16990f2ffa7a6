import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import type { NodeMetrics, PodMetrics } from '../../api/types/metrics-v1beta1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { formatDuration } from '../../machinery/codec/duration.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { formatQuantity } from '../../machinery/quantity/index.ts'
import { notFound } from '../../machinery/status/errors.ts'
import type { Response, Servable } from '../context.ts'
import { type Reader, type RestCall, timestamp } from '../rest/call.ts'
import { selectionOf } from '../rest/selection.ts'
import { unkept } from '../rest/views.ts'
import { collectionPrefix } from '../watchcache/index.ts'
import { type Usage, usageBetween } from './point.ts'
import type { Sampler } from './sampler.ts'

/** Answers metrics.k8s.io as metrics-server does, by `Resource.reader`. */
export function resourceMetricsReaders(sampler: Sampler): ReadonlyMap<string, Reader> {
  return new Map([
    [
      'nodes.metrics.k8s.io',
      call => answer(call, nodeSubjects(call), subject => nodeUsage(sampler, subject)),
    ],
    ['pods.metrics.k8s.io', call => answer(call, podSubjects(call), subject => podUsage(sampler, subject))],
  ])
}

/** An object of the cluster that is measured, and how a 404 names it. */
interface Subject<T extends KubeObject> {
  readonly object: T
  readonly title: string
}

async function answer<T extends KubeObject>(
  call: RestCall,
  subjects: readonly Subject<T>[],
  measure: (object: T) => Promise<object | undefined>,
): Promise<Response> {
  const { context, resource } = call
  const { name, namespace, verb } = context.info
  if (verb === 'list') {
    const { matches } = selectionOf(call)
    const chosen = subjects.map(({ object }) => object).filter(matches)
    const made = await Promise.all(chosen.map(object => toServable(call, object, measure)))
    const items = made.filter(each => each !== undefined)
    return { kind: 'list', status: 200, resource, list: { items, resourceVersion: '' } }
  }
  const title = resource.namespaced ? `${namespace}/${name}` : name
  const subject = subjects.find(each => each.title === title)
  if (!subject) throw notFound({ group: '', resource: resource.plural }, name)
  const servable = await toServable(call, subject.object, measure)
  // As metrics-server calls what it makes.
  const made = { group: resource.group, resource: resource.kind.toLowerCase() }
  if (!servable) throw notFound(made, title)
  return { kind: 'object', status: 200, object: servable.object, resource, servable }
}

/** What is measured shows the labels of what it is measured of, so that it can be selected. */
async function toServable<T extends KubeObject>(
  { deps, resource }: RestCall,
  object: T,
  measure: (object: T) => Promise<object | undefined>,
): Promise<Servable | undefined> {
  const found = await measure(object)
  if (!found) return undefined
  const { name, namespace, labels } = object.metadata
  const metadata = {
    name,
    ...(namespace && { namespace }),
    creationTimestamp: timestamp(deps.ports.clock),
    ...(labels && { labels }),
  }
  const apiVersion = `${resource.group}/${resource.version}`
  return unkept({ kind: resource.kind, apiVersion, metadata, ...found } as KubeObject)
}

function nodeSubjects({ deps }: RestCall): Subject<Node>[] {
  const { items } = deps.cache.list(collectionPrefix({ group: '', plural: 'nodes' }))
  return items.map(({ object }) => ({ object: object as Node, title: object.metadata.name! }))
}

/** metrics-server looks at running pods only. */
function podSubjects({ deps, context }: RestCall): Subject<Pod>[] {
  const prefix = collectionPrefix({ group: '', plural: 'pods' }, context.info.namespace || undefined)
  return deps.cache
    .list(prefix)
    .items.map(({ object }) => object as Pod)
    .filter(({ status }) => status?.phase === 'Running')
    .map(object => ({ object, title: `${object.metadata.namespace}/${object.metadata.name}` }))
}

async function nodeUsage(sampler: Sampler, { metadata }: Node): Promise<Partial<NodeMetrics> | undefined> {
  const pair = await sampler.read(metadata.name!)
  const usage = pair?.now.node && usageBetween(pair.before.node, pair.now.node)
  return usage && { ...timeOf(usage), usage: quantitiesOf(usage) }
}

/** Of a pod all containers are told, or nothing: a part would look like the whole. */
async function podUsage(sampler: Sampler, { metadata, spec }: Pod): Promise<Partial<PodMetrics> | undefined> {
  if (!spec?.nodeName) return undefined
  const pair = await sampler.read(spec.nodeName)
  const key = `${metadata.namespace}/${metadata.name}`
  const now = pair?.now.pods.get(key)
  if (!now) return undefined
  const before = pair?.before.pods.get(key)
  const found = [...now].map(([name, point]) => ({ name, usage: usageBetween(before?.get(name), point) }))
  const known = found.flatMap(({ name, usage }) => (usage ? [{ name, usage }] : []))
  const [first, ...rest] = known
  if (!first || known.length < found.length) return undefined
  const earliest = rest.reduce((least, each) => (each.usage.atMs < least.usage.atMs ? each : least), first)
  const containers = known.map(({ name, usage }) => ({ name, usage: quantitiesOf(usage) }))
  return { ...timeOf(earliest.usage), containers }
}

function timeOf({ atMs, windowMs }: Usage) {
  return { timestamp: toTimestamp(atMs), window: formatDuration(BigInt(Math.round(windowMs)) * 1_000_000n) }
}

function quantitiesOf({ cpuCores, memoryBytes }: Usage) {
  const nanocores = BigInt(Math.max(0, Math.floor(cpuCores * 1e9)))
  return {
    cpu: formatQuantity({ amount: nanocores, scale: 9, format: 'DecimalSI' }),
    memory: formatQuantity({ amount: BigInt(Math.round(memoryBytes)), scale: 0, format: 'BinarySI' }),
  }
}
