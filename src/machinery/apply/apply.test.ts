import { describe, expect, test } from 'bun:test'
import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts'
import { deepFreeze } from '../meta/value.ts'
import type { ApplyOptions } from './apply.ts'
import { applyPatch } from './apply.ts'
import { workloadSchema } from './testing.ts'
import type { UpdateOptions } from './update.ts'
import { updateManagedFields } from './update.ts'

const apiVersion = 'apps.test/v1'
const now = '2026-01-01T00:00:00Z'
const later = '2026-01-01T00:01:00Z'

interface Workload extends KubeObject {
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
}

function workload(spec?: Record<string, unknown>, metadata: KubeObject['metadata'] = {}): Workload {
  const object: Workload = {
    apiVersion,
    kind: 'Workload',
    metadata: { name: 'w', namespace: 'd', ...metadata },
  }
  if (spec) object.spec = spec
  return object
}

function apply(live: KubeObject | undefined, applied: Workload, options: Partial<ApplyOptions> = {}) {
  const request = {
    schema: workloadSchema,
    apiVersion,
    manager: 'm1',
    force: false,
    now,
    live,
    applied,
    ...options,
  }
  return applyPatch(deepFreeze(request, true))
}

function applied(
  live: KubeObject | undefined,
  config: Workload,
  options: Partial<ApplyOptions> = {},
): Workload {
  return apply(live, config, options).object as Workload
}

function update(live: Workload | undefined, next: Workload, options: Partial<UpdateOptions> = {}): Workload {
  const request = { schema: workloadSchema, apiVersion, manager: 'u1', now, live, next, ...options }
  const managedFields = updateManagedFields(deepFreeze(request, true))
  const { managedFields: _, ...metadata } = next.metadata
  return { ...next, metadata: { ...metadata, uid: 'u', ...(managedFields ? { managedFields } : {}) } }
}

function fieldsOf(object: KubeObject | undefined, manager: string): unknown {
  return entryOf(object, manager)?.fieldsV1
}

function entryOf(object: KubeObject | undefined, manager: string): ManagedFieldsEntry | undefined {
  return object?.metadata.managedFields?.find(entry => entry.manager === manager)
}

describe('ordinary writes', () => {
  test('a create owns every field that was set, structs not themselves, and nothing of identity', () => {
    const created = update(
      undefined,
      workload({ replicas: 1, containers: [{ name: 'a', image: 'i' }] }, { labels: { a: 'b' } }),
    )
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'u1',
        operation: 'Update',
        apiVersion,
        time: now,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
          'f:spec': {
            'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } },
            'f:replicas': {},
          },
        },
      },
    ])
  })

  test('a changed field moves to the writer and leaves the others', () => {
    const created = update(undefined, workload({ replicas: 1, selector: { a: 'b' } }))
    const scaled = update(created, workload({ replicas: 2, selector: { a: 'b' } }), {
      manager: 'u2',
      now: later,
    })
    expect(fieldsOf(scaled, 'u1')).toEqual({ 'f:spec': { 'f:selector': {} } })
    expect(entryOf(scaled, 'u2')).toMatchObject({ time: later, fieldsV1: { 'f:spec': { 'f:replicas': {} } } })
  })

  test('a removed field has no owner any more, and an owner of nothing is forgotten', () => {
    const created = update(undefined, workload({ replicas: 1 }))
    const bare = update(created, workload({}), { manager: 'u2' })
    expect(bare.metadata.managedFields).toBeUndefined()
  })

  test('a write that changes nothing gives back the very same list', () => {
    const created = update(undefined, workload({ replicas: 1 }))
    const same = { ...created, metadata: { ...created.metadata, resourceVersion: '2' } }
    const options = {
      schema: workloadSchema,
      apiVersion,
      manager: 'u2',
      now: later,
      live: created,
      next: same,
    }
    expect(updateManagedFields(options)).toBe(created.metadata.managedFields!)
  })

  test('what Go would leave out owns nothing', () => {
    const created = update(undefined, workload({ paused: false, replicas: 0 }, { labels: {} }))
    expect(fieldsOf(created, 'u1')).toEqual({ 'f:spec': { 'f:replicas': {} } })
  })

  test('a subresource is a manager of its own and cannot set what it may not write', () => {
    const created = update(undefined, workload({ replicas: 1 }))
    const next = { ...created, spec: { replicas: 5 }, status: { ready: 1 } }
    const ready = update(created, next, { subresource: 'status', now: later, resetFields: [['spec']] })
    expect(ready.metadata.managedFields?.map(entry => [entry.subresource, entry.fieldsV1])).toEqual([
      [undefined, { 'f:spec': { 'f:replicas': {} } }],
      ['status', { 'f:status': { 'f:ready': {} } }],
    ])
  })

  test('an empty list of managers resets them; an object nobody tracked stays so', () => {
    const created = update(undefined, workload({ replicas: 1 }))
    const reset = update(created, workload({ replicas: 1 }, { managedFields: [] }))
    expect(reset.metadata.managedFields).toBeUndefined()
    expect(update(reset, workload({ replicas: 2 })).metadata.managedFields).toBeUndefined()
  })

  test('managers that a client writes itself are taken, in the one spelling of their keys', () => {
    const spec = { containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }] }] }
    const created = update(undefined, workload(spec))
    const own = (port: string) => ({
      'f:spec': { 'f:containers': { 'k:{"name":"a"}': { 'f:ports': { [port]: { '.': {} } } } } },
    })
    const fieldsV1 = own('k:{"protocol":"TCP", "containerPort":80}')
    const sent = [
      { manager: 'x', operation: 'Update' as const, apiVersion, fieldsType: 'FieldsV1', fieldsV1 },
    ]
    const next = update(created, workload(spec, { managedFields: sent }))
    expect(JSON.stringify(fieldsOf(next, 'x'))).toBe(
      JSON.stringify(own('k:{"containerPort":80,"protocol":"TCP"}')).replace('{".":{}}', '{}'),
    )
  })

  test('malformed managers in a request are ignored for the stored ones', () => {
    const created = update(undefined, workload({ replicas: 1 }))
    const broken = [
      { manager: 'x', operation: 'Update' as const, apiVersion, fieldsType: 'FieldsV9', fieldsV1: {} },
    ]
    const next = update(created, workload({ replicas: 1 }, { managedFields: broken }))
    expect(next.metadata.managedFields).toEqual(created.metadata.managedFields!)
  })

  test('more than ten updaters are folded into ancient-changes', () => {
    let object = update(undefined, workload({}))
    for (let index = 0; index < 13; index++) {
      const labels = { ...object.metadata.labels, [`l${index}`]: 'x' }
      const next = { ...object, metadata: { ...object.metadata, labels, uid: '' } }
      object = update({ ...object, metadata: { ...object.metadata, uid: '' } }, next, {
        manager: `u${index}`,
        now: `2026-01-01T00:00:${10 + index}Z`,
      })
    }
    expect(object.metadata.managedFields).toHaveLength(10)
    expect(fieldsOf(object, 'ancient-changes')).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:l0': {}, 'f:l1': {}, 'f:l2': {}, 'f:l3': {} } },
    })
  })
})

describe('apply', () => {
  test('creates with exactly the fields that were named', () => {
    const { object, managedFields, changed } = apply(
      undefined,
      workload({ replicas: 1, containers: [{ name: 'a' }] }),
    )
    expect(changed).toBe(true)
    expect(object).toMatchObject({
      spec: { replicas: 1, containers: [{ name: 'a' }] },
      metadata: { managedFields },
    })
    expect(fieldsOf(object, 'm1')).toEqual({
      'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } }, 'f:replicas': {} },
    })
  })

  test('again and the same changes nothing, not even the time', () => {
    const config = workload({ replicas: 1, containers: [{ name: 'a', image: 'i' }] })
    const first = applied(undefined, config)
    const second = apply(first, config, { now: later })
    expect(second.changed).toBe(false)
    expect(second.managedFields).toBe(first.metadata.managedFields!)
  })

  test('what is no longer applied goes, unless somebody else holds it', () => {
    const both = workload({ replicas: 1, selector: { a: 'b' } }, { labels: { x: '1', y: '2' } })
    const first = applied(undefined, both)
    const shared = applied(first, workload(undefined, { labels: { y: '2' } }), { manager: 'm2' })
    const less = applied(shared, workload({ selector: { a: 'b' } }))
    expect(less.spec).toEqual({ selector: { a: 'b' } })
    expect(less.metadata.labels).toEqual({ y: '2' })
    expect(fieldsOf(less, 'm1')).toEqual({ 'f:spec': { 'f:selector': {} } })
  })

  test('a list item that is no longer applied goes, its neighbours stay', () => {
    const first = applied(undefined, workload({ containers: [{ name: 'a' }, { name: 'b' }] }))
    const injected = update(first, {
      ...first,
      spec: { containers: [{ name: 'a' }, { name: 'b' }, { name: 'side' }] },
    })
    const less = applied(injected, workload({ containers: [{ name: 'b', image: 'i' }] }))
    expect(less.spec?.containers).toEqual([{ name: 'b', image: 'i' }, { name: 'side' }])
  })

  test('ports are told apart by number and by the protocol that they default to', () => {
    const ports = [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }]
    const object = applied(undefined, workload({ containers: [{ name: 'a', ports }] }))
    expect(JSON.stringify(fieldsOf(object, 'm1'))).toContain(
      String.raw`"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}},"k:{\"containerPort\":80,\"protocol\":\"UDP\"}"`,
    )
  })

  test('one conflict names manager, version and field', () => {
    const created = update(undefined, workload({ replicas: 1 }), { manager: 'kubectl' })
    try {
      apply(created, workload({ replicas: 2 }))
      throw new Error('no conflict')
    } catch (error) {
      expect(error).toMatchObject({
        message: 'Apply failed with 1 conflict: conflict with "kubectl" using apps.test/v1: .spec.replicas',
        status: {
          code: 409,
          reason: 'Conflict',
          details: {
            causes: [
              {
                reason: 'FieldManagerConflict',
                message: 'conflict with "kubectl" using apps.test/v1',
                field: '.spec.replicas',
              },
            ],
          },
        },
      })
    }
  })

  test('several conflicts are grouped by manager, appliers without a version', () => {
    const first = applied(undefined, workload({ containers: [{ name: 'a', image: 'i' }] }))
    const status = update(first, { ...first, status: { phase: 'x' } }, { subresource: 'status' })
    const config = { ...workload({ containers: [{ name: 'a', image: 'j' }] }), status: { phase: 'y' } }
    expect(() => apply(status, config, { manager: 'm2' })).toThrow(
      [
        'Apply failed with 2 conflicts: conflicts with "m1":',
        '- .spec.containers[name="a"].image',
        'conflicts with "u1" with subresource "status" using apps.test/v1:',
        '- .status.phase',
      ].join('\n'),
    )
  })

  test('force takes the field; the same value is shared without force', () => {
    const created = update(undefined, workload({ replicas: 1 }))
    const forced = applied(created, workload({ replicas: 2 }), { force: true })
    expect(entryOf(forced, 'u1')).toBeUndefined()
    const shared = applied(created, workload({ replicas: 1 }))
    expect(fieldsOf(shared, 'u1')).toEqual({ 'f:spec': { 'f:replicas': {} } })
    expect(fieldsOf(shared, 'm1')).toEqual({ 'f:spec': { 'f:replicas': {} } })
  })

  test('fields from before the first apply are held by before-first-apply', () => {
    const untracked = workload({ replicas: 1 }, { uid: 'u' })
    const object = applied(untracked, workload(undefined, { labels: { a: 'b' } }))
    expect(entryOf(object, 'before-first-apply')).toMatchObject({
      operation: 'Update',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    })
  })

  test('kubectl takes over what it applied on the client’s side', () => {
    const last = JSON.stringify(workload({ replicas: 1 }))
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': last }
    const live = update(undefined, workload({ replicas: 1 }, { annotations }), {
      manager: 'kubectl-client-side-apply',
    })
    expect(() => apply(live, workload({ replicas: 2 }))).toThrow('Apply failed with 1 conflict')
    const object = applied(live, workload({ replicas: 2 }), { manager: 'kubectl' })
    expect(object.spec?.replicas).toBe(2)
    const kept = object.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration']
    expect(JSON.parse(kept ?? '')).toEqual(workload({ replicas: 2 }))
    const heavy = workload({ replicas: 3 }, { annotations: { note: 'x'.repeat(200_000) } })
    const heavier = applied(live, heavy, { manager: 'kubectl' })
    expect(heavier.metadata.annotations).toEqual(heavy.metadata.annotations)
  })

  test.each([
    [
      { containers: [{ name: 'a' }, { name: 'a' }] },
      '.spec.containers: duplicate entries for key [name="a"]',
    ],
    [{ foo: 1 }, '.spec.foo: field not declared in schema'],
    [{ replicas: 'x' }, '.spec.replicas: expected numeric (int or float), got string'],
    [{ paused: 1 }, '.spec.paused: expected boolean, got &{1}'],
    [{ containers: {} }, '.spec.containers: expected list, got &{map[]}'],
    [
      { containers: [{ name: 'a', image: ['x', { b: 1, a: true }] }] },
      '.spec.containers[name="a"].image: expected string, got &value.valueUnstructured{Value:[]interface {}{"x", map[string]interface {}{"a":true, "b":1}}}',
    ],
  ])('%p is refused with upstream’s words', (spec, complaint) => {
    expect(() => apply(undefined, workload(spec))).toThrow(
      `failed to create typed patch object (d/w; apps.test/v1, Kind=Workload): ${complaint}`,
    )
  })

  test('another version, another kind and given managers are refused', () => {
    const config = workload({})
    expect(() => apply(undefined, { ...config, apiVersion: 'v9' })).toThrow(
      'invalid object type: /v9, Kind=Workload',
    )
    expect(() => apply(undefined, config, { kind: 'Other' })).toThrow('invalid object type')
    expect(() => apply(undefined, workload({}, { managedFields: [] }))).toThrow(
      'metadata.managedFields must be nil',
    )
  })
})
