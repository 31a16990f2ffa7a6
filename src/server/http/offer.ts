import type { Resource } from '../../api/define.ts'
import { contentNotRouted, notRepresentable } from '../../machinery/status/errors.ts'
import type { RequestContext } from '../context.ts'
import { isBuiltin } from './encode.ts'
import type { Format, MediaType, Offer } from './negotiation.ts'
import { negotiate } from './negotiation.ts'

const builtinFormats: readonly Format[] = ['json', 'yaml', 'protobuf']
const customFormats: readonly Format[] = ['json', 'yaml']
const one = { formats: builtinFormats, transforms: ['Table', 'PartialObjectMetadata'] } satisfies Offer
const many = {
  formats: builtinFormats,
  transforms: ['Table', 'PartialObjectMetadataList', 'PartialObjectMetadata'],
} satisfies Offer
/** Reviews: what is created only is never shown in a table. */
const answers = { formats: builtinFormats, transforms: ['PartialObjectMetadata'] } satisfies Offer
const offers: Readonly<Record<string, Offer>> = { one, many }
const customOffers: Readonly<Record<string, Offer>> = {
  one: { ...one, formats: customFormats, named: builtinFormats },
  many: { ...many, formats: customFormats, named: builtinFormats },
}
/** What is only answered and never kept has no rows. */
const answered = { ...one, transforms: ['PartialObjectMetadata'] } satisfies Offer
const collectionVerbs = new Set(['list', 'watch', 'deletecollection'])

/** How a resource request is answered; 406 when the client takes nothing that there is. */
export function mediaTypeFor(resource: Resource, verb: string, accept: string | undefined): MediaType {
  if (isBuiltin(resource) && resource.verbs.every(each => each === 'create'))
    return negotiate(accept, answers)
  if (resource.strategy.ephemeral) return negotiate(accept, answered)
  const table = isBuiltin(resource) ? offers : customOffers
  return negotiate(accept, table[collectionVerbs.has(verb) ? 'many' : 'one']!)
}

/** Upstream's router looks at the plain types only, before any handler; for kinds that it knows from the start. */
const produced = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const streamed = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
const patchesBuiltin = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

/** Refuses, before anything is done, what could not be read (415) or answered (406). */
export function requireMedia({ info, options, headers }: RequestContext, resource: Resource): void {
  const { accept } = headers
  if (!isBuiltin(resource)) {
    mediaTypeFor(resource, info.verb, accept)
    return
  }
  if (info.verb === 'patch' && !patchesBuiltin.includes(bareType(options.patchType ?? ''))) {
    throw contentNotRouted()
  }
  if (!accept) return
  const streams = info.verb === 'list' || info.verb === 'watch'
  const taken = accept.split(',').map(bareType)
  if (!taken.some(type => type === '*/*' || produced.includes(type)))
    throw notRepresentable(streams ? [...produced, ...streamed] : produced)
  mediaTypeFor(resource, info.verb, accept)
}

function bareType(clause: string): string {
  return clause.split(';', 1)[0]!.trim()
}

const anything: Offer = {
  formats: builtinFormats,
  transforms: ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'],
}

/** How a Status is answered: in the format that was asked for, JSON when there is none. */
export function statusFormat(accept: string | undefined): Format {
  try {
    return negotiate(accept, anything).format
  } catch {
    return 'json'
  }
}
