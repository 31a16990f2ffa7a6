import { coerceEmbedded, validateEmbedded } from '../../api/apiextensions/embedded-objects.ts'
import { prune } from '../../api/apiextensions/prune.ts'
import { hasRules, validateRules } from '../../api/apiextensions/value-rules.ts'
import { validateValue } from '../../api/apiextensions/value-validation.ts'
import type { CustomKind, Resource, ScaleView, Strategy, Subresource, Verb } from '../../api/define.ts'
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
import { toObjectSchema } from './structural.ts'

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
  convert: CustomKind['convert'],
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
  const defined = (version.schema?.openAPIV3Schema ?? free) as JSONSchemaProps
  const schema = withoutTypeFields(defined)
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
    custom: {
      prune(object) {
        coerceEmbedded(schema, object, `${kind} in version "${version.name}" cannot be handled as a ${kind}`)
        return prune(schema, object as unknown as JsonMap)
      },
      openApi: defined as JsonMap,
      ...(convert && { convert }),
    },
  }
}

/** Type and metadata are checked as every object's are. */
function withoutTypeFields(schema: JSONSchemaProps): JSONSchemaProps {
  const { properties: { apiVersion: _version, kind: _kind, metadata: _metadata, ...properties } = {} } =
    schema
  return { ...schema, properties }
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
    validateUpdate: (object, old, errors) => validateTransition(schema, object, old, errors),
    ...(deprecated && {
      warnings: () => [deprecationWarning ?? `this version of the resource is deprecated`],
    }),
  }
}

const unchecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
const blocking = new Set([
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

function validateWhole(schema: JSONSchemaProps, object: KubeObject, errors: FieldErrors): void {
  validateValue(schema, object, '', errors)
  validateEmbedded(schema, object, '', errors)
  if (errors.list.some(({ type }) => blocking.has(type))) {
    if (hasRules(schema)) errors.invalid('<nil>', null, unchecked)
    return
  }
  validateRules(schema, object, { old: undefined, phase: 'state' }, errors)
  // An object that is new has no revision; what there is of optional transitions runs now and not on update.
  if (!object.metadata.resourceVersion)
    validateRules(schema, object, { old: undefined, phase: 'transition' }, errors)
}

function validateTransition(
  schema: JSONSchemaProps,
  object: KubeObject,
  old: KubeObject,
  errors: FieldErrors,
): void {
  if (!errors.list.some(({ type }) => blocking.has(type)))
    validateRules(schema, object, { old, phase: 'transition' }, errors)
}

function toSubresources(
  { subresources }: CustomResourceDefinitionVersion,
  schema: JSONSchemaProps,
): Subresource[] {
  const made: Subresource[] = []
  const { status, scale } = subresources ?? {}
  const validate: Strategy['validate'] = (object, errors) => validateWhole(schema, object, errors)
  const validateUpdate: Strategy['validateUpdate'] = (object, old, errors) =>
    validateTransition(schema, object, old, errors)
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
