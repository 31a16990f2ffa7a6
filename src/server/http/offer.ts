import type { Resource } from '../../api/define.ts'
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
const offers: Readonly<Record<string, Offer>> = { one, many }
const customOffers: Readonly<Record<string, Offer>> = {
  one: { ...one, formats: customFormats },
  many: { ...many, formats: customFormats },
}
const collectionVerbs = new Set(['list', 'watch', 'deletecollection'])

/** How a resource request is answered; 406 when the client takes nothing that there is. */
export function mediaTypeFor(resource: Resource, verb: string, accept: string | undefined): MediaType {
  const table = isBuiltin(resource) ? offers : customOffers
  return negotiate(accept, table[collectionVerbs.has(verb) ? 'many' : 'one']!)
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
