import type { Resource } from '../../api/define.ts'
import {
  conform,
  DecodeError,
  decodeCborBody,
  decodeJson,
  decodeProtobuf,
  decodeYaml,
  diagnoseCbor,
  parseJson,
  parseLoose,
  prepareJson,
  prepareProtobuf,
  prepareTyped,
  prepareYaml,
  strictErrorMessage,
} from '../../machinery/codec/index.ts'
import { fromApiVersion, toApiVersion } from '../../machinery/meta/group.ts'
import { jsonKind } from '../../machinery/meta/json.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep } from '../../machinery/meta/value.ts'
import { applySchemaDefaults } from '../../machinery/schema/defaults.ts'
import { badRequest, invalid, unsupportedMediaType } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { parseExact } from '../../std/exact-json.ts'
import type { Breathe } from '../../std/turns.ts'
import type { RequestBody, RequestContext } from '../context.ts'
import { contentTypes } from '../http/negotiation.ts'
import { handledAs, isServedKind, kindless, unlikeType, unreadable } from './foreign-body.ts'
import { type BodyType, metaSchema } from './meta-type.ts'

/** The body as a private object of this resource's kind; 400 when it is something else, 415 for a foreign format. */
export function decodeBody(context: RequestContext, resource: Resource): KubeObject {
  const object = decodeTyped(context, bodyType(resource)) as unknown as KubeObject
  object.metadata ??= {}
  if (resource.custom) settleCustom(context, resource, object)
  return object
}

/** Custom objects are free JSON up to here: what their schema does not name goes, and metadata is read as its type. */
export function settleCustom(
  context: RequestContext,
  resource: Resource,
  object: KubeObject,
  refuse: (message: string) => StatusError = message => badRequest(handledAs(bodyType(resource), message)),
): void {
  const paths = shapeCustom(resource, object)
  // Upstream's reader of CBOR does not say what custom objects lose.
  if (isCbor(context)) return
  const unknown = paths.map(path => `unknown field ${JSON.stringify(path)}`)
  if (unknown.length > 0 && context.options.fieldValidation === 'Strict')
    throw refuse(strictErrorMessage(unknown))
  reportStrict(context, unknown, message => handledAs(bodyType(resource), message))
}

/** As `settleCustom`, but of what goes nobody is told: the paths of it are answered. */
function shapeCustom(resource: Resource, object: KubeObject): readonly string[] {
  const given = Object.keys(object.metadata)
  const unknownMeta = given.filter(name => !metaSchema('ObjectMeta').fields.has(name)).toSorted()
  shapeMetadata(resource, object)
  const pruned = resource.custom!.prune(object).toSorted()
  return [...unknownMeta.map(name => `metadata.${name}`), ...pruned]
}

/** The metadata of a custom object as its type; 400 where it cannot be read so. */
export function shapeMetadata(resource: Resource, object: KubeObject): void {
  try {
    object.metadata = conform(metaSchema('ObjectMeta'), object.metadata) as KubeObject['metadata']
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(handledAs(bodyType(resource), error.message)) : error
  }
}

/** Fills what upstream defaults when it decodes. */
export function applyDefaults({ schema, strategy }: Resource, object: KubeObject): void {
  applySchemaDefaults(schema, object as unknown as JsonObject)
  strategy.setDefaults?.(object)
}

function bodyType({ group, version, kind, schema, custom }: Resource): BodyType {
  return { group, version, kind, schema, isCustom: custom !== undefined }
}

/** The body as a private object of `type`, which it must name if it names one. */
export function decodeTyped(context: RequestContext, type: BodyType): JsonObject {
  const object = withType(decodeLoose(context, type, requireType), type)
  context.readAs = type
  return object
}

/** Reads a large body of a language that takes long to read, with pauses or elsewhere. */
export async function prepareBody(
  { body, longYaml, info }: RequestContext,
  { custom }: Resource,
  breathe: Breathe,
): Promise<void> {
  if (body.kind !== 'bytes') return
  const type = mediaTypeOf(body.contentType)
  if (type.endsWith('yaml') && longYaml) await prepareYaml(body.bytes, longYaml, breathe)
  else if (type === '' || type.endsWith('json'))
    await prepareJson(body.bytes, breathe, { isFree: custom !== undefined && isWrite(info) })
}

/** The same as the type that is served there. */
export async function prepareMessage(
  { body }: RequestContext,
  { schema, custom }: Resource,
  breathe: Breathe,
): Promise<void> {
  if (body.kind !== 'bytes' || custom) return
  const type = mediaTypeOf(body.contentType)
  if (isPlainJson(type)) await prepareTyped(schema, body.bytes, breathe)
  else if (type === contentTypes.protobuf) await prepareProtobuf(schema, body.bytes, breathe)
}

/** Whether the body is an object of the kind itself. */
function isWrite({ verb, subresource }: RequestContext['info']): boolean {
  return subresource === '' && (verb === 'create' || verb === 'update')
}

/** An object, and no patch. */
function isPlainJson(type: string): boolean {
  return type === '' || type === 'application/json'
}

/** The body read as `type`, whatever it says that it is; unless `check` refuses that. */
export function decodeLoose(
  context: RequestContext,
  type: BodyType,
  check?: (object: JsonObject, type: BodyType, body: Bytes) => void,
): JsonObject {
  const { options } = context
  if (context.body.kind === 'object') {
    const object = cloneDeep(context.body.object) as JsonObject
    check?.(object, type, { kind: 'bytes', bytes: noBytes, contentType: '' })
    return object
  }
  const body = bytesOf(context, context.body)
  const strict = options.fieldValidation !== 'Ignore'
  try {
    const { object, strictErrors } = decodeBytes(body, type, { strict, servesCbor: context.servesCbor })
    if (type.isCustom && !object.kind)
      throw kindless(type, body.bytes, isCbor(context) ? diagnoseCbor : undefined)
    check?.(object, type, body)
    if (!type.isOptions) reportStrict(context, strictErrors, message => handledAs(type, message))
    return object
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw (
      unreadable(type, body.bytes, mediaTypeOf(body.contentType)) ??
      badRequest(type.isOptions ? error.message : handledAs(type, error.message))
    )
  }
}

const noBytes = new Uint8Array()

/** Nothing is a body too: no JSON, an empty YAML document. */
function bytesOf(
  { headers }: RequestContext,
  body: Exclude<RequestBody, { readonly kind: 'object' }>,
): Bytes {
  if (body.kind === 'bytes') return body
  return { kind: 'bytes', bytes: noBytes, contentType: headers['content-type'] ?? '' }
}

/** Strict errors are warnings by default and fail the request when the client wants that. */
export function reportStrict(
  { options, warnings }: RequestContext,
  errors: readonly string[],
  tell: (message: string) => string,
): void {
  if (errors.length === 0 || options.fieldValidation === 'Ignore') return
  if (options.fieldValidation === 'Strict') throw badRequest(tell(strictErrorMessage(errors)))
  for (const error of errors) warnings.push(...withoutYamlPrefix(error))
}

/** A YAML parser's complaints, each for itself (handlers/rest.go parseYAMLWarnings). */
function withoutYamlPrefix(text: string): string[] {
  const lines = text.replace(/^yaml: (?:unmarshal errors:\n)?/, '')
  return lines === text ? [text] : lines.split('\n').map(line => line.trim())
}

type Bytes = RequestBody & { kind: 'bytes' }
type Decoded = ReturnType<typeof decodeJson>

interface Reading {
  readonly strict: boolean
  readonly servesCbor: boolean | undefined
}

function decodeBytes(
  { bytes, contentType }: Bytes,
  type: BodyType,
  { strict, servesCbor = false }: Reading,
): Decoded {
  switch (mediaTypeOf(contentType)) {
    case 'application/json':
    case '':
      return decodeJson(type.isCustom ? undefined : type.schema, bytes, { strict })
    case 'application/yaml': {
      const { json, bytes: read, strictErrors } = decodeYaml(bytes, { strict })
      const decoded = decodeJson(type.isCustom ? undefined : type.schema, read ?? json, { strict })
      return { object: decoded.object, strictErrors: [...strictErrors, ...decoded.strictErrors] }
    }
    case 'application/vnd.kubernetes.protobuf':
      if (!type.isCustom) return { object: decodeProtobuf(type.schema, bytes), strictErrors: [] }
      break
    case contentTypes.cbor:
      if (servesCbor) return decodeCborBody(type.isCustom ? undefined : type.schema, bytes, { strict })
  }
  const cbor = servesCbor ? [contentTypes.cbor] : []
  throw unsupportedMediaType(['application/json', 'application/yaml', contentTypes.protobuf, ...cbor])
}

function isCbor({ body }: RequestContext): boolean {
  return body.kind === 'bytes' && mediaTypeOf(body.contentType) === contentTypes.cbor
}

/** As Go's mime package reads parameters: what is none makes a type of the whole that nobody knows. */
const wellParted = /^[^;]+(?:;\s*[\w!#$&'*+.^`|~%-]+=(?:"(?:[^"\\]|\\.)*"|[^\s;"]+)\s*)*(?:;\s*)?$/

function mediaTypeOf(contentType: string): string {
  const end = contentType.indexOf(';')
  if (end < 0) return contentType.trim().toLowerCase()
  return wellParted.test(contentType) ? contentType.slice(0, end).trim().toLowerCase() : contentType
}

/** What a body says that it is; absent kind and apiVersion are those of the path. */
function namedType({ apiVersion, kind }: JsonObject, type: BodyType) {
  const wanted = toApiVersion(type.group, type.version)
  const named = String(apiVersion || wanted)
  return {
    wanted,
    given: String(kind || type.kind),
    apiVersion: type.alsoVersions?.includes(named) ? wanted : named,
  }
}

/** Another type has other fields: that it is none of ours is told before what is unknown of it. */
function requireType(object: JsonObject, type: BodyType, { bytes, contentType }: Bytes): void {
  const { group, kind, isCustom } = type
  const { wanted, given, apiVersion } = namedType(object, type)
  if (isCustom && given !== kind && apiVersion === wanted) throw otherCustomKind(object, group, kind)
  const isOther = given !== kind || fromApiVersion(apiVersion)?.group !== group
  const isUnknown = apiVersion !== wanted && !isCustom && !isServedKind(apiVersion, kind)
  if (!isOther && !isUnknown) return
  const fault = bytes.length > 0 ? unreadable(type, bytes, mediaTypeOf(contentType)) : undefined
  throw fault ?? unlikeType(type, given, apiVersion)
}

function withType(object: JsonObject, type: BodyType): JsonObject {
  const { wanted, apiVersion } = namedType(object, type)
  if (apiVersion !== wanted)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`,
    )
  object.apiVersion = wanted
  object.kind = type.kind
  return object
}

/** Custom objects are read whatever their kind is, and then refused for it. */
export function otherCustomKind(object: JsonObject, group: string, kind: string): StatusError {
  const errors = createFieldErrors()
  const given = String(object.kind ?? '')
  errors.invalid('kind', given, `must be ${kind}`)
  const { name = '' } = (object.metadata ?? {}) as { name?: string }
  return invalid({ group, kind: given }, String(name), errors.list)
}

/** A patch document; apply patches may be YAML. `isSpelled`: numbers are left as `parseLoose` gives them. */
export function decodePatch(context: RequestContext, type: string, isSpelled = false): unknown {
  if (context.body.kind === 'object') return cloneDeep(context.body.object)
  const { bytes } = bytesOf(context, context.body)
  if (type.endsWith('yaml')) return decodeConfiguration(context, bytes)
  if (type.endsWith('cbor')) return decodeCborConfiguration(bytes)
  try {
    return isSpelled ? parseLoose(bytes) : parseJson(bytes)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const isBare = type === 'application/strategic-merge-patch+json'
    throw badRequest(isBare ? error.message : `error decoding patch: ${error.message}`)
  }
}

function decodeCborConfiguration(bytes: Uint8Array): unknown {
  try {
    return decodeCborBody(undefined, bytes).object
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw badRequest(`error decoding YAML: ${error.message}`)
  }
}

const notConverted = 'error converting YAML to JSON'

/** What is applied: a map, or nothing at all. */
function decodeConfiguration(context: RequestContext, bytes: Uint8Array): unknown {
  const { json, strictErrors } = readYaml(bytes, context.options.fieldValidation !== 'Ignore')
  if (context.options.fieldValidation === 'Strict' && strictErrors.length > 0)
    throw badRequest(`error strict decoding YAML: ${notConverted}: ${strictErrors.join(', ')}`)
  reportStrict(context, strictErrors, message => message)
  const value: unknown = parseExact(json)
  if (value === null || (typeof value === 'object' && !Array.isArray(value))) return value
  const message = `json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`
  throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${message}`)
}

function readYaml(bytes: Uint8Array, strict: boolean) {
  try {
    return decodeYaml(bytes, { strict })
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw badRequest(`error decoding YAML: ${notConverted}: ${error.message}`)
  }
}
