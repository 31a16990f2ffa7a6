/** A small kind with every topology, for the tests of patch and apply: built as the generated facts are. */
import type { Field, ListSchema, ObjectSchema, ScalarKind, Schema } from '../schema/schema.ts'

type FieldOptions = Partial<Omit<Field, 'name' | 'schema'>>

/** A struct field; optional and left out when empty unless told otherwise. */
export function field(name: string, schema: Schema | ScalarKind, options: FieldOptions = {}): Field {
  const typed: Schema = typeof schema === 'string' ? { kind: schema } : schema
  return { name, schema: typed, required: false, omitEmpty: true, pointer: false, ...options }
}

export function struct(name: string, ...fields: Field[]): ObjectSchema {
  return { kind: 'object', name: `test.${name}`, fields: new Map(fields.map(entry => [entry.name, entry])) }
}

export function keyedList(items: ObjectSchema, ...listMapKeys: string[]): ListSchema {
  return { kind: 'list', items, listType: 'map', listMapKeys }
}

/** A field that Go always prints, as structs and required scalars are. */
const standing: FieldOptions = { omitEmpty: false, zeroDefault: true }
const strings: Schema = { kind: 'map', values: { kind: 'string' } }
const atomicStrings: Schema = { kind: 'list', items: { kind: 'string' }, listType: 'atomic' }

const port = struct(
  'ContainerPort',
  field('containerPort', 'int32', standing),
  field('protocol', 'string', { defaultValue: 'TCP' }),
  field('name', 'string'),
)
const resources = struct('Resources', field('limits', { kind: 'map', values: { kind: 'quantity' } }))
const container = struct(
  'Container',
  field('name', 'string', standing),
  field('image', 'string'),
  field('args', atomicStrings),
  field('resources', resources, standing),
  field('ports', keyedList(port, 'containerPort', 'protocol'), {
    patchStrategies: ['merge'],
    patchMergeKey: 'containerPort',
  }),
)
const strategy = struct(
  'Strategy',
  field('type', 'string'),
  field('rollingUpdate', struct('RollingUpdate', field('maxSurge', 'intOrString', { pointer: true })), {
    pointer: true,
  }),
)
const spec = struct(
  'WorkloadSpec',
  field('replicas', 'int32', { pointer: true }),
  field('paused', 'bool'),
  field('selector', { kind: 'map', values: { kind: 'string' }, atomic: true }),
  field('strategy', strategy, { ...standing, patchStrategies: ['retainKeys'] }),
  field('containers', keyedList(container, 'name'), {
    omitEmpty: false,
    patchStrategies: ['merge'],
    patchMergeKey: 'name',
  }),
)
const meta = struct(
  'ObjectMeta',
  field('name', 'string'),
  field('namespace', 'string'),
  field('uid', 'string'),
  field('resourceVersion', 'string'),
  field('labels', strings),
  field('annotations', strings),
  field(
    'finalizers',
    { kind: 'list', items: { kind: 'string' }, listType: 'set' },
    { patchStrategies: ['merge'] },
  ),
)
const status = struct('WorkloadStatus', field('ready', 'int32', standing), field('phase', 'string'))

/** `apps.test/v1 Workload`: the shape of a Deployment and its pod template in one. */
export const workloadSchema: ObjectSchema = struct(
  'Workload',
  field('apiVersion', 'string'),
  field('kind', 'string'),
  field('metadata', meta, standing),
  field('spec', spec, standing),
  field('status', status, standing),
)
