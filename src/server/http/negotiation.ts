import { notAcceptable, notRepresentable } from '../../machinery/status/errors.ts'
import { own } from '../../std/own.ts'
import { memo } from '../rest/memo.ts'

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
const metaTypes = { group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] }
const transforms: Readonly<Record<string, { readonly group: string; readonly versions: readonly string[] }>> =
  {
    Table: metaTypes,
    PartialObjectMetadata: metaTypes,
    PartialObjectMetadataList: metaTypes,
    APIGroupDiscoveryList: { group: 'apidiscovery.k8s.io', versions: ['v2'] },
  }
const plainJson: MediaType = { format: 'json', stream: false, pretty: false }

/** One of the types of an Accept header. */
interface Clause {
  readonly type: string
  readonly subtype: string
  readonly params: ReadonlyMap<string, string>
  readonly weight: number
}

/** An Accept header. */
interface Accepted {
  /** By weight, without those that are malformed. */
  readonly clauses: readonly Clause[]
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
  if (!accept) return plainJson
  const chosen = memo(choices, offer, () => new Map<string, MediaType | undefined>())
  const known = chosen.get(accept)
  if (known || chosen.has(accept)) return known
  const type = firstOffered(accept, offer)
  if (chosen.size >= knownMax) chosen.clear()
  chosen.set(accept, type)
  return type
}

/** Headers repeat between requests, so what is chosen for them is kept (a bounded number). */
const choices = new WeakMap<Offer, Map<string, MediaType | undefined>>()

function firstOffered(accept: string, offer: Offer): MediaType | undefined {
  for (const clause of readAccept(accept).clauses) {
    for (const format of everyFormat) {
      if (!matches(clause, contentTypes[format])) continue
      const type = typeOf(clause, format)
      if (type && isOffered(type, offer)) return type
    }
  }
  return undefined
}

/** In the order in which they are tried where a clause leaves the choice. */
const everyFormat: readonly Format[] = ['json', 'yaml', 'protobuf', 'cbor']

function matches({ type, subtype }: Clause, contentType: string): boolean {
  const [main, sub] = contentType.split('/')
  if (type === '*') return subtype === '*'
  return type === main && (subtype === '*' || subtype === sub)
}

/** What a clause says of answers in this format; undefined for what there is in none. */
function typeOf({ params }: Clause, format: Format): MediaType | undefined {
  const stream = params.get('stream')
  if (stream !== undefined && (stream !== 'watch' || format === 'yaml')) return undefined
  const version = params.get('sv')
  if (version !== undefined && version !== 'v1') return undefined
  const base = { format, stream: stream === 'watch', pretty: params.get('pretty') === '1' }
  const [as, group, of] = ['as', 'g', 'v'].map(name => params.get(name))
  if (as === undefined && group === undefined && of === undefined) return base
  if (as === undefined || !isTransform(as, group, of)) return undefined
  return { ...base, transform: as as Transform, transformVersion: of! }
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
  const clauses = byWeight(parts.flatMap(part => parseClause(trimmed(part))))
  const read = { clauses, types: parts.map(part => part.split(';', 1)[0]!.trim()) }
  if (known.size >= knownMax) known.clear()
  known.set(accept, read)
  return read
}

/** As goautoneg reads it: no quotes, letters as they are, and what is malformed is not there. */
function parseClause(text: string): Clause[] {
  const [name = '', ...rest] = text.split(';')
  const [type = '', subtype = type === '*' ? '*' : '', more] = name.split('/').map(trimmed)
  if (more || subtype === '') return []
  const pairs = rest.map(part => part.split('=')).filter(([, value, behind]) => value && !behind)
  const params = new Map(pairs.map(([key = '', value = '']) => [trimmed(key), trimmed(value)]))
  return [{ type, subtype, params, weight: weightOf(params.get('q')) }]
}

const trimmed = (text: string) => text.replace(/^ +| +$/g, '')

function weightOf(text: string | undefined): number {
  return text === undefined ? 1 : Number(text) || 0
}

/** Where weights are alike the more exact one goes first. An insertion sort, as upstream's order has circles. */
function byWeight(clauses: readonly Clause[]): Clause[] {
  const sorted: Clause[] = []
  for (const clause of clauses) {
    let at = sorted.length
    while (at > 0 && goesBefore(clause, sorted[at - 1]!)) at--
    sorted.splice(at, 0, clause)
  }
  return sorted
}

function goesBefore(a: Clause, b: Clause): boolean {
  if (a.weight > b.weight) return true
  return (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*')
}

function isTransform(as: string, group: string | undefined, version: string | undefined): boolean {
  const known = own(transforms, as)
  return known !== undefined && known.group === group && known.versions.includes(version ?? '')
}
