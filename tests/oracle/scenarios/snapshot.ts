import type { Event } from '../../../src/api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../src/machinery/meta/object.ts'
import { compared, type Side, scenarioOf } from './side.ts'

/** A scenario's world with everything replaced that differs between any two runs. */
export interface Snapshot {
  /** `Pod web-<hash 1>-<suffix>`: all objects of that name, in a fixed order. */
  readonly objects: ReadonlyMap<string, readonly unknown[]>
  /** `Pod web… Normal Scheduled: message`: once, or more often. */
  readonly events: ReadonlyMap<string, 'once' | 'often'>
  readonly answers: readonly string[]
  /** By kind: nothing orders what two watches show. */
  readonly trace: ReadonlyMap<string, readonly { readonly text: string }[]>
}

type Renaming = (text: string) => string

export function takeSnapshot(side: Side, scenario: string, answers: readonly string[]): Snapshot {
  const all = compared.flatMap(resource =>
    side.informers
      .of(resource)
      .store.list()
      .map(object => ({ ...object, apiVersion: 'v1', kind: resource.kind }) as KubeObject & { kind: string })
      .filter(object => scenarioOf(object) === scenario),
  )
  const words = side.words(scenario)
  const rename: Renaming = text => words.rename(text)
  const objects = new Map<string, unknown[]>()
  const events = new Map<string, number>()
  for (const object of all) {
    if (object.kind === 'Event') countEvent(events, object as unknown as Event, rename)
    else {
      const key = rename(`${object.kind} ${object.metadata.name}`)
      objects.set(key, [...(objects.get(key) ?? []), plain(object, rename)])
    }
  }
  for (const group of objects.values()) group.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
  return {
    objects,
    events: new Map([...events].map(([text, count]) => [text, count > 1 ? 'often' : 'once'])),
    answers: answers.map(rename),
    trace: Map.groupBy(
      side.trace(scenario).map(({ kind, name, did }) => ({ kind, text: rename(`${name} ${did}`) })),
      ({ kind }) => kind,
    ),
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value)
}

const forgotten = new Set(['managedFields', 'resourceVersion', 'nodePort', 'healthCheckNodePort'])

/** Lists whose order says nothing. */
const unordered = new Set(['endpoints', 'addresses', 'notReadyAddresses', 'finalizers', 'active', 'ports'])

/** That there is a token is compared, not what it says. */
function withoutSecrets(secret: KubeObject): KubeObject {
  const { data = {} } = secret as { data?: Readonly<Record<string, string>> }
  const hidden = Object.fromEntries(Object.keys(data).map(name => [name, '<secret>']))
  return { ...secret, data: hidden } as KubeObject
}

function plain(object: KubeObject & { kind: string }, rename: Renaming): unknown {
  const isRootCa = object.metadata.name === 'kube-root-ca.crt'
  const isSecret = object.kind === 'Secret'
  const kept = isRootCa ? { metadata: { ...object.metadata } } : isSecret ? withoutSecrets(object) : object
  return walk(JSON.parse(rename(JSON.stringify(kept))))
}

function walk(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map(item => walk(item))
    return unordered.has(key) ? items.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1)) : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(([name, inner]) => !forgotten.has(name) && !isNothing(inner))
    .map(([name, inner]) => [name, walk(inner, name)] as const)
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Go prints null for an empty list here and there. */
function isNothing(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}

function countEvent(counts: Map<string, number>, event: Event, rename: Renaming): void {
  const { involvedObject, type, reason, message, source, series } = event
  const { reportingComponent } = event
  const about = `${involvedObject.kind} ${involvedObject.name}`
  const who = source?.component || reportingComponent
  const text = rename(`${about} ← ${who}: ${type} ${reason}: ${message}`)
  const count = series?.count ?? event.count ?? 1
  counts.set(text, (counts.get(text) ?? 0) + count)
}
