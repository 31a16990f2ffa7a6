import { coerceEmbedded } from '../../api/apiextensions/embedded-objects.ts'
import { dropDefaultedNulls, prune } from '../../api/apiextensions/prune.ts'
import type { CustomKind, Resource, ScaleView, Strategy, Subresource, Verb } from '../../api/define.ts'
import { compareVersions } from '../../api/registry.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  JSONSchemaProps,
} from '../../api/types/apiextensions-v1.gen.ts'
import type { JsonMap } from '../../machinery/meta/json.ts'
import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { ObjectSchema } from '../../machinery/schema/schema.ts'
import type { CelMeter } from '../metrics/cel.ts'
import { toColumns } from './columns.ts'
import { jsonPath } from './json-path.ts'
import { toObjectSchema } from './structural.ts'
import { toValidation, type Validation } from './validation.ts'

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
const free: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** One served version of a definition as an entry of the registry: it takes the road of built-in kinds from here on. */
export function toResource(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  convert: CustomKind['convert'],
  meter: CelMeter,
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
  let shape: ObjectSchema | undefined
  const validation = toValidation(schema, version.subresources?.scale, meter)
  const deprecation = deprecationOf(definition, version)
  return {
    group: spec.group,
    version: version.name,
    kind,
    plural,
    singular,
    shortNames,
    categories,
    namespaced: spec.scope === 'Namespaced',
    verbs,
    // Of many kinds most are never asked for.
    get schema() {
      shape ??= toObjectSchema(schema)
      return shape
    },
    listKind: listKind ?? `${kind}List`,
    storage: { group: spec.group, plural, version: storage.name },
    strategy: toStrategy(version, validation),
    subresources: toSubresources(version, validation),
    columns: toColumns(version.additionalPrinterColumns),
    selectableFields: toSelectable(version),
    ...(deprecation !== undefined && { deprecation }),
    custom: {
      prune(object) {
        const typeText = `${kind} in version "${version.name}" cannot be handled as a ${kind}`
        const unknown = coerceEmbedded(schema, object, typeText)
        return [...unknown, ...prune(schema, object as unknown as JsonMap)]
      },
      dropDefaulted: object => dropDefaultedNulls(schema, object),
      openApi: defined as JsonMap,
      pruneStored(object, name) {
        const stored = spec.versions.find(each => each.name === name)
        const known = (stored?.schema?.openAPIV3Schema ?? free) as JSONSchemaProps
        prune(withoutTypeFields(known), object as unknown as JsonMap)
      },
      schemaOf: name => storedSchema(spec.versions, name),
      judge: validation.judge,
      isTerminating: metadata.deletionTimestamp !== undefined,
      ...(convert && { convert }),
    },
  }
}

const known = new WeakMap<CustomResourceDefinitionVersion, ObjectSchema>()

/** The schema of what is stored in another version; made when there is such an object. */
function storedSchema(
  versions: readonly CustomResourceDefinitionVersion[],
  name: string,
): ObjectSchema | undefined {
  const version = versions.find(each => each.name === name)
  if (!version) return undefined
  let schema = known.get(version)
  if (!schema) {
    schema = toObjectSchema(withoutTypeFields((version.schema?.openAPIV3Schema ?? free) as JSONSchemaProps))
    known.set(version, schema)
  }
  return schema
}

/** Type and metadata are checked as every object's are. */
function withoutTypeFields(schema: JSONSchemaProps): JSONSchemaProps {
  const { properties: { apiVersion: _version, kind: _kind, metadata: _metadata, ...properties } = {} } =
    schema
  return { ...schema, properties }
}

type WithStatus = KubeObject & { status?: unknown }

function toStrategy(version: CustomResourceDefinitionVersion, validation: Validation): Strategy {
  const hasStatus = version.subresources?.status !== undefined
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
    ...validation,
  }
}

/** What a client is told that uses this version; undefined where nothing is wrong with it. */
function deprecationOf(
  { spec }: CustomResourceDefinition,
  { name, deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
): string | undefined {
  if (!deprecated) return undefined
  if (deprecationWarning !== undefined) return deprecationWarning
  const { group, names, versions } = spec
  const better = versions
    .filter(each => each.served && !each.deprecated && compareVersions(each.name, name) < 0)
    .map(each => each.name)
    .toSorted(compareVersions)[0]
  const instead = better === undefined ? '' : `; use ${group}/${better} ${names.kind}`
  return `${group}/${name} ${names.kind} is deprecated${instead}`
}

function toSubresources(
  { subresources }: CustomResourceDefinitionVersion,
  validation: Validation,
): Subresource[] {
  const made: Subresource[] = []
  const { status, scale } = subresources ?? {}
  if (status)
    made.push({
      name: 'status',
      verbs: ['get', 'patch', 'update'],
      writes: ['status'],
      keepsMetadata: 'claimed',
      strategy: { ...validation, validateUpdate: validation.validateStatus },
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
  const replicasPath = paths.specReplicasPath.split('.').slice(1)
  const selector = paths.labelSelectorPath ? jsonPath(paths.labelSelectorPath) : () => ''
  return {
    replicasPath,
    specReplicas: object => Number(spec(object) ?? 0),
    statusReplicas: object => Number(status(object) ?? 0),
    selector: object => String(selector(object) ?? ''),
    setReplicas: (object, replicas) => setAt(object as unknown as JsonMap, replicasPath, replicas),
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
