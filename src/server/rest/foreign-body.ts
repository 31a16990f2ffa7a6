/** Why a body is no object of the expected type, in upstream's words (handlers/rest.go transformDecodeError). */
import type { Resource } from '../../api/define.ts'
import { facts } from '../../api/schema/index.ts'
import {
  cborType,
  DecodeError,
  decodeCbor,
  decodeValue,
  decodeYaml,
  openEnvelope,
  parseLoose,
} from '../../machinery/codec/index.ts'
import { fromApiVersion, type GroupVersionKind, toApiVersion } from '../../machinery/meta/group.ts'
import { isMap, jsonKind } from '../../machinery/meta/json.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'

/** Where upstream keeps its kinds; its texts name the place. */
const scheme = '"pkg/runtime/scheme.go:111"'
const summaryBytesMax = 30
/** Go prints the nameless struct that it looks for the type with. */
const typeStruct = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`

export function handledAs(
  { version, kind }: GroupVersionKind,
  message: string,
  given = { version, kind },
): string {
  return `${given.kind} in version ${quote(given.version)} cannot be handled as a ${kind}: ${message}`
}

/** 400 when the bytes do not even tell a type, or tell another one; undefined when the fault lies further inside. */
export function unreadable(
  type: GroupVersionKind & { readonly isOptions?: boolean },
  bytes: Uint8Array,
  mediaType: string,
): StatusError | undefined {
  const found = findType(bytes, mediaType)
  if (found.fault !== undefined) {
    if (type.isOptions) return badRequest(found.fault)
    return badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): ${found.fault} (${summarize(bytes)})`,
    )
  }
  const { kind = type.kind, apiVersion = toApiVersion(type.group, type.version) } = found
  if (type.isOptions) return kind === type.kind ? undefined : badRequest(unregistered(apiVersion, kind))
  const isOther = kind !== type.kind || fromApiVersion(apiVersion)?.group !== type.group
  return isOther ? unlikeType(type, kind, apiVersion) : undefined
}

/** 400 for a custom object that does not say what it is: there is no type to read it as. */
export function kindless(
  type: GroupVersionKind,
  bytes: Uint8Array,
  show = (body: Uint8Array) => Buffer.from(body).toString(),
): StatusError {
  const body = show(bytes)
  return badRequest(
    `the object provided is unrecognized (must be of type ${type.kind}): Object 'Kind' is missing in '${body}' (${summarize(bytes)})`,
  )
}

/** 400 for an object that says it is `kind` of `apiVersion`. */
export function unlikeType(type: GroupVersionKind, kind: string, apiVersion: string): StatusError {
  const { version = '' } = fromApiVersion(apiVersion) ?? {}
  const message = isServedKind(apiVersion, kind)
    ? `converting (${version}.${kind}) to (${internalPackage(type.group)}.${type.kind}): unknown conversion`
    : unregistered(apiVersion, kind)
  return badRequest(handledAs(type, message, { version, kind }))
}

/** Why JSON says nothing that could be an object of any kind; undefined when it does. What is none is read as YAML last. */
export function typeFault(bytes: Uint8Array): string | undefined {
  const { fault } = findType(bytes, 'application/json')
  return fault && (findType(bytes, 'application/yaml').fault ?? fault)
}

/** Why a patched object is of no kind at all; undefined when it names a kind that there is, or none. */
export function unreadablePatch(patched: unknown, into: Resource): string | undefined {
  const { fault, kind = '', apiVersion = '' } = readType(patched)
  if (fault !== undefined) return fault
  if (kind === '' || apiVersion === '') return undefined
  if (!isServedKind(apiVersion, kind)) return unregistered(apiVersion, kind)
  return faultAs(kind, apiVersion, patched) ?? unlikeKind(kind, apiVersion, into)
}

/** Why the object cannot be read as what it says that it is; undefined when it can. */
function faultAs(kind: string, apiVersion: string, object: unknown): string | undefined {
  const { group, version } = fromApiVersion(apiVersion)!
  try {
    decodeValue(facts.kindSchema(group, version, kind)!, object)
    return undefined
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return error.message
  }
}

/** What upstream says of a kind that it does not know in this version. */
export function unregistered(apiVersion: string, kind: string): string {
  return `no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme ${scheme}`
}

/** Another version of the same kind is fine, and what lives under two groups is one kind. */
function unlikeKind(
  kind: string,
  apiVersion: string,
  { storage, group, ...into }: Resource,
): string | undefined {
  const given = fromApiVersion(apiVersion)!
  if (kind === into.kind && (given.group === group || given.group === storage.group)) return undefined
  return `converting (${given.version}.${kind}) to (${internalPackage(storage.group)}.${into.kind}): unknown conversion`
}

export function isServedKind(apiVersion: string, kind: string): boolean {
  const { group = '', version = '' } = fromApiVersion(apiVersion) ?? {}
  return facts.kindSchema(group, version, kind) !== undefined
}

/** The Go package of upstream's internal types of a group. */
export function internalPackage(group: string): string {
  if (group === 'internal.apiserver.k8s.io') return 'apiserverinternal'
  return group === '' ? 'core' : group.split('.')[0]!
}

interface FoundType {
  readonly fault?: string
  readonly kind?: string
  readonly apiVersion?: string
}

function findType(bytes: Uint8Array, mediaType: string): FoundType {
  const isYaml = mediaType === 'application/yaml'
  try {
    if (mediaType === 'application/cbor') return findCborType(bytes)
    if (mediaType === 'application/vnd.kubernetes.protobuf') return findEnvelope(bytes)
    const json = isYaml ? decodeYaml(bytes).json : bytes
    return readType(parseLoose(json))
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { fault: isYaml ? error.message : parseFault(error.message) }
  }
}

function findCborType(bytes: Uint8Array): FoundType {
  try {
    const value = decodeCbor(bytes)
    if (isMap(value)) return readType(value)
    const [type, more] = Array.isArray(value)
      ? ['array', ' (cannot decode CBOR array to struct without toarray option)']
      : [cborType(value), '']
    throw new DecodeError(`cbor: cannot unmarshal ${type} into Go value of type v1.TypeMeta${more}`)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { fault: `unable to determine group/version/kind: ${error.message}` }
  }
}

function findEnvelope(bytes: Uint8Array): FoundType {
  if (bytes.length === 0) return { fault: 'empty data' }
  try {
    openEnvelope(bytes)
    return {}
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { fault: error.message }
  }
}

function readType(value: unknown): FoundType {
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    return {
      fault: parseFault(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${typeStruct}`),
    }
  }
  const { kind, apiVersion } = value as Record<string, unknown>
  for (const [name, given] of Object.entries({ apiVersion, kind })) {
    if (given === undefined || given === null || typeof given === 'string') continue
    return {
      fault: parseFault(
        `json: cannot unmarshal ${jsonKind(given)} into Go struct field .${name} of type string`,
      ),
    }
  }
  if (apiVersion && !fromApiVersion(apiVersion as string))
    return { fault: `unexpected GroupVersion string: ${apiVersion as string}` }
  return {
    ...(kind ? { kind: kind as string } : {}),
    ...(apiVersion ? { apiVersion: apiVersion as string } : {}),
  }
}

function parseFault(message: string): string {
  return `couldn't get version/kind; json parse error: ${message}`
}

function summarize(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>'
  const start = Buffer.from(bytes.subarray(0, summaryBytesMax))
  const more = bytes.length > summaryBytesMax ? ' ...' : ''
  return start.toString(bytes[0] === 0x7b ? 'utf8' : 'hex') + more
}
