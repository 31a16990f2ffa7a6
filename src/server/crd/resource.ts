import type { Resource, ScaleView, Strategy, Subresource, Verb } from '../../api/define.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  JSONSchemaProps,
} from '../../api/types/apiextensions-v1.gen.ts'
import type { JsonMap } from '../../machinery/meta/json.ts'
import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { toColumns } from './columns.ts'
import { jsonPath } from './json-path.ts'
import { prune } from './prune.ts'
import { runRules } from './rules.ts'
import { toObjectSchema } from './structural.ts'
import { validateValue } from './validate.ts'

const verbs: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
]
const withoutCreate = verbs.filter(verb => verb !== 'create')
const free: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** One served version of a definition as an entry of the registry: it takes the road of built-in kinds from here on. */
export function toResource(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): Resource {
  const { spec, status, metadata } = definition
  const {
    plural,
    singular = '',
    kind,
    listKind,
    shortNames = [],
    categories = [],
  } = status?.acceptedNames ?? spec.names
  const schema = (version.schema?.openAPIV3Schema ?? free) as JSONSchemaProps
  const storage = spec.versions.find(each => each.storage)!
  return {
    group: spec.group,
    version: version.name,
    kind,
    plural,
    singular,
    shortNames,
    categories,
    namespaced: spec.scope === 'Namespaced',
    verbs: metadata.deletionTimestamp ? withoutCreate : verbs,
    schema: toObjectSchema(schema),
    listKind: listKind ?? `${kind}List`,
    storage: { group: spec.group, plural, version: storage.name },
    strategy: toStrategy(version, schema),
    subresources: toSubresources(version, schema),
    columns: toColumns(version.additionalPrinterColumns),
    selectableFields: toSelectable(version),
    custom: { prune: object => prune(schema, object as unknown as JsonMap), openApi: schema as JsonMap },
  }
}

type WithStatus = KubeObject & { status?: unknown }

function toStrategy(version: CustomResourceDefinitionVersion, schema: JSONSchemaProps): Strategy {
  const hasStatus = version.subresources?.status !== undefined
  const { deprecated, deprecationWarning } = version
  return {
    validateName: nameIsDnsSubdomain,
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    prepareForCreate(object) {
      if (hasStatus) delete (object as WithStatus).status
    },
    prepareForUpdate(object, old) {
      if (!hasStatus) return
      const { status } = old as WithStatus
      if (status === undefined) delete (object as WithStatus).status
      else (object as WithStatus).status = status
    },
    validate: (object, errors) => validateWhole(schema, object, errors),
    validateUpdate: (object, old, errors) => runTransitions(schema, object, old, errors),
    ...(deprecated && {
      warnings: () => [deprecationWarning ?? `this version of the resource is deprecated`],
    }),
  }
}

function validateWhole(schema: JSONSchemaProps, object: KubeObject, errors: FieldErrors): void {
  const { properties: { apiVersion: _v, kind: _k, metadata: _m, ...properties } = {} } = schema
  const before = errors.list.length
  validateValue({ ...schema, properties }, object, '', errors)
  if (errors.list.length > before) return
  runRules({ ...schema, properties }, { path: '', value: object, old: undefined, isUpdate: false }, errors)
}

/** Rules that look at the old object; those that do not ran already. */
function runTransitions(
  schema: JSONSchemaProps,
  object: KubeObject,
  old: KubeObject,
  errors: FieldErrors,
): void {
  runRules(transitionsOf(schema), { path: '', value: object, old, isUpdate: true }, errors)
}

const transitions = new WeakMap<JSONSchemaProps, JSONSchemaProps>()

function transitionsOf(schema: JSONSchemaProps): JSONSchemaProps {
  const known = transitions.get(schema)
  if (known) return known
  const text = JSON.stringify(schema, (key, value: unknown) => {
    if (key !== 'x-kubernetes-validations' || !Array.isArray(value)) return value
    return value.filter((each: { rule: string }) => /\boldSelf\b/.test(each.rule))
  })
  const kept = JSON.parse(text) as JSONSchemaProps
  transitions.set(schema, kept)
  return kept
}

function toSubresources(
  { subresources }: CustomResourceDefinitionVersion,
  schema: JSONSchemaProps,
): Subresource[] {
  const made: Subresource[] = []
  const { status, scale } = subresources ?? {}
  const validate: Strategy['validate'] = (object, errors) => validateWhole(schema, object, errors)
  const validateUpdate: Strategy['validateUpdate'] = (object, old, errors) =>
    runTransitions(schema, object, old, errors)
  if (status)
    made.push({
      name: 'status',
      verbs: ['get', 'patch', 'update'],
      writes: ['status'],
      strategy: { validate, validateUpdate },
    })
  if (scale) {
    const kind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
    made.push({ name: 'scale', verbs: ['get', 'patch', 'update'], kind, scale: toScale(scale) })
  }
  return made
}

function toScale(paths: CustomResourceSubresourceScale): ScaleView<KubeObject> {
  const spec = jsonPath(paths.specReplicasPath)
  const status = jsonPath(paths.statusReplicasPath)
  const selector = paths.labelSelectorPath ? jsonPath(paths.labelSelectorPath) : () => ''
  return {
    specReplicas: object => Number(spec(object) ?? 0),
    statusReplicas: object => Number(status(object) ?? 0),
    selector: object => String(selector(object) ?? ''),
    setReplicas: (object, replicas) =>
      setAt(object as unknown as JsonMap, paths.specReplicasPath.split('.').slice(1), replicas),
  }
}

function setAt(object: JsonMap, path: readonly string[], value: unknown): void {
  const [first = '', ...rest] = path
  if (rest.length === 0) {
    object[first] = value
    return
  }
  object[first] ??= {}
  setAt(object[first] as JsonMap, rest, value)
}

function toSelectable({
  selectableFields = [],
}: CustomResourceDefinitionVersion): Resource['selectableFields'] {
  const readers = selectableFields.map(({ jsonPath: path }) => {
    const read = jsonPath(path)
    return [path.replace(/^\./, ''), (object: KubeObject) => String(read(object) ?? '')] as const
  })
  return Object.fromEntries(readers)
}
