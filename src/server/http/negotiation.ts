import { notAcceptable, notRepresentable } from '../../machinery/status/errors.ts'

export type Format = 'json' | 'yaml' | 'protobuf' | 'cbor'
export type Transform =
  | 'Table'
  | 'PartialObjectMetadata'
  | 'PartialObjectMetadataList'
  | 'APIGroupDiscoveryList'

/** How a response is written. */
export interface MediaType {
  readonly format: Format
  readonly transform?: Transform
  /** Version of the transform's group: `v1`, `v1beta1`, `v2`. */
  readonly transformVersion?: string
  readonly stream: boolean
  readonly pretty: boolean
}

export const contentTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
  cbor: 'application/cbor',
}
const formatOf: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
  'application/cbor': 'cbor',
  'application/*': 'json',
  '*/*': 'json',
}
const metaTypes = { group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] }
const transforms: Readonly<Record<string, { readonly group: string; readonly versions: readonly string[] }>> =
  {
    Table: metaTypes,
    PartialObjectMetadata: metaTypes,
    PartialObjectMetadataList: metaTypes,
    APIGroupDiscoveryList: { group: 'apidiscovery.k8s.io', versions: ['v2'] },
  }
const plainJson: MediaType = { format: 'json', stream: false, pretty: false }

/** An Accept header. */
interface Accepted {
  /** By weight, without those that are unknown. */
  readonly clauses: readonly MediaType[]
  /** As they are written, without their parameters. */
  readonly types: readonly string[]
}

const known = new Map<string, Accepted>()
const knownMax = 256

/** What may be produced for a request. */
export interface Offer {
  readonly formats: readonly Format[]
  readonly transforms: readonly Transform[]
  /** Told to a client that takes none of `formats`; default: these. */
  readonly named?: readonly Format[]
}

/** The first acceptable clause of an Accept header, by weight, that is on offer; 406 with the offers when none is. */
export function negotiate(accept: string | undefined, offer: Offer): MediaType {
  const found = acceptable(accept, offer)
  if (!found) throw notAcceptable((offer.named ?? offer.formats).map(format => contentTypes[format]))
  return found
}

/** The first acceptable clause of an Accept header, by weight, that is on offer. */
export function acceptable(accept: string | undefined, offer: Offer): MediaType | undefined {
  return accept ? readAccept(accept).clauses.find(type => isOffered(type, offer)) : plainJson
}

/** Upstream's router looks at the plain types only, before any handler: 406, naming `told`, when the client takes none. */
export function requireRouted(
  accept: string | undefined,
  produced: readonly string[],
  told = produced,
): void {
  if (!accept) return
  const { types } = readAccept(accept)
  if (!types.some(type => type === '*/*' || produced.includes(type))) throw notRepresentable(told)
}

function isOffered(type: MediaType, offer: Offer): boolean {
  if (type.transform && offer.transforms.includes(type.transform)) {
    if (type.format === 'cbor' && !offer.formats.includes('cbor')) return false
    return type.transform !== 'Table' || !isBinary(type.format)
  }
  return !type.transform && offer.formats.includes(type.format)
}

function isBinary(format: Format): boolean {
  return format === 'protobuf' || format === 'cbor'
}

/** Headers repeat between requests, so parsed ones are kept (a bounded number). */
function readAccept(accept: string): Accepted {
  const cached = known.get(accept)
  if (cached) return cached
  const parts = accept.split(',')
  const weighed = parts.map(parseClause).sort((a, b) => b.weight - a.weight)
  const clauses = weighed.flatMap(({ type }) => (type ? [type] : []))
  const read = { clauses, types: parts.map(part => part.split(';', 1)[0]!.trim()) }
  if (known.size >= knownMax) known.clear()
  known.set(accept, read)
  return read
}

function parseClause(clause: string): { weight: number; type: MediaType | undefined } {
  const [name = '', ...rest] = clause.split(';').map(part => part.trim())
  const params = new Map(rest.map(part => splitParameter(part)))
  const weight = Number(params.get('q') ?? 1)
  const format = formatOf[name.toLowerCase()]
  const as = params.get('as')
  const version = params.get('v')
  if (!format || (as && !isTransform(as, params.get('g'), version))) return { weight, type: undefined }
  const base = { format, stream: params.get('stream') === 'watch', pretty: params.get('pretty') === '1' }
  if (!as) return { weight, type: base }
  return {
    weight,
    type: { ...base, transform: as as Transform, ...(version && { transformVersion: version }) },
  }
}

function isTransform(as: string, group: string | undefined, version: string | undefined): boolean {
  const known = transforms[as]
  return known !== undefined && known.group === group && known.versions.includes(version ?? '')
}

function splitParameter(part: string): [string, string] {
  const at = part.indexOf('=')
  return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1).replaceAll('"', '')]
}
