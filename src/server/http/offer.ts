import type { Resource, Subresource } from '../../api/define.ts'
import { type PatchType, patchTypes } from '../../client/transport.ts'
import { contentNotRouted } from '../../machinery/status/errors.ts'
import type { RequestContext } from '../context.ts'
import { memo } from '../rest/memo.ts'
import { isBuiltin } from './encode.ts'
import type { Format, MediaType, Offer } from './negotiation.ts'
import { acceptable, contentTypes, negotiate, requireRouted } from './negotiation.ts'

const builtinFormats: readonly Format[] = ['json', 'yaml', 'protobuf']
const customFormats: readonly Format[] = ['json', 'yaml']
/** Whether metadata of one or of a list is right is seen when there is an answer. */
const everyFormat = {
  formats: builtinFormats,
  transforms: ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'],
} satisfies Offer
/** Reviews: what is created only is never shown in a table. */
const answers = {
  formats: builtinFormats,
  transforms: ['PartialObjectMetadata', 'PartialObjectMetadataList'],
} satisfies Offer
const customAny = { ...everyFormat, formats: customFormats, named: builtinFormats } satisfies Offer

/** Who is answered: what it takes, and whether the server speaks CBOR at all. */
export type Taker = Pick<RequestContext, 'headers' | 'servesCbor'>

/** How a resource request is answered; 406 when the client takes nothing that there is. */
export function mediaTypeFor(
  resource: Resource,
  { headers, servesCbor }: Taker,
  { hasTable = true }: Pick<Subresource, 'hasTable'> = {},
): MediaType {
  const offer = hasTable ? offerOf(resource) : answers
  return negotiate(headers.accept, servesCbor ? withCbor(offer) : offer)
}

function offerOf(resource: Resource): Offer {
  const isCreatedOnly = isBuiltin(resource) && resource.verbs.every(each => each === 'create')
  if (isCreatedOnly || (resource.strategy.ephemeral && !resource.reader)) return answers
  return isBuiltin(resource) ? everyFormat : customAny
}

const cborOffers = new WeakMap<Offer, Offer>()

/** The same offer of a server with CBORServingAndStorage (KEP-4222). */
function withCbor(offer: Offer): Offer {
  return memo(cborOffers, offer, () => ({
    ...offer,
    formats: [...offer.formats, 'cbor'],
    ...(offer.named && { named: [...offer.named, 'cbor'] }),
  }))
}

/** Upstream's router looks at the plain types only, before any handler; for kinds that it knows from the start. */
const produced = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const streamed = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
const patchesBuiltin: readonly string[] = patchTypes
const cborPatch: PatchType = 'application/apply-patch+cbor'

/** Refuses, before anything is done, what upstream's router would not let through: 415, 406. */
export function requireMedia(context: RequestContext, resource: Resource): void {
  const { info, options, headers, servesCbor = false } = context
  const { accept } = headers
  if (!isBuiltin(resource)) return
  if (info.verb === 'patch' && !takesPatch(bareType(options.patchType ?? ''), servesCbor))
    throw contentNotRouted()
  if (!accept) return
  const streams = info.verb === 'list' || info.verb === 'watch'
  const plain = servesCbor ? [...produced, contentTypes.cbor] : produced
  const routed = servesCbor && streams ? [...plain, cborSequence] : plain
  requireRouted(accept, routed, streams ? [...plain, ...streamedTypes(servesCbor)] : plain)
}

function takesPatch(type: string, servesCbor: boolean): boolean {
  return patchesBuiltin.includes(type) || (servesCbor && type === cborPatch)
}

/** What a watch may be sent as. */
export function streamedTypes(servesCbor: boolean): readonly string[] {
  return servesCbor ? [...streamed, cborSequence] : streamed
}

/** RFC 8742. */
export const cborSequence = 'application/cbor-seq'

function bareType(clause: string): string {
  return clause.split(';', 1)[0]!.trim()
}

const failures = { formats: builtinFormats, transforms: [] } satisfies Offer

/** How a failure is answered, for which there are no tables; undefined: the client takes nothing that there is. */
export function failureFormat({ headers, servesCbor }: Taker): Format | undefined {
  return acceptable(headers.accept, servesCbor ? withCbor(failures) : failures)?.format
}

/** How a Status is answered: in the format that was asked for, JSON when there is none. */
export function statusFormat({ headers, servesCbor }: Taker): Format {
  return acceptable(headers.accept, servesCbor ? withCbor(everyFormat) : everyFormat)?.format ?? 'json'
}
