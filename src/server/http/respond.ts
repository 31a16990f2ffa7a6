import type { StatusError } from '../../machinery/status/status.ts'
import { parseExact } from '../../std/exact-json.ts'
import type { Clock } from '../../std/ports.ts'
import type { RequestContext, Response, ServedEvent, WatchRun } from '../context.ts'
import { gzipBytesMin, gzipHeaders, takesGzip } from './compression.ts'
import {
  listJson,
  listMeta,
  listProtobuf,
  looseProtobuf,
  objectJson,
  objectProtobuf,
  shown,
} from './encode.ts'
import { gzipList } from './list-pieces.ts'
import { contentTypes, type Format, type MediaType } from './negotiation.ts'
import { mediaTypeFor, statusFormat } from './offer.ts'
import { gzipTable } from './table-pieces.ts'
import { toPartial, toPartialList, toServedTable } from './transform.ts'
import { watchEncoder } from './watch-frames.ts'
import { yamlText } from './yaml-text.ts'

/** What goes over the wire. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Uint8Array | string | ReadableStream<Uint8Array> | WatchAnswer
}

export interface WatchAnswer {
  readonly run: WatchRun
  readonly encode: (event: ServedEvent) => Uint8Array
}

type Plain = Exclude<Response, { kind: 'upgrade' }>

/** Encodes a response as the client asked. `pretty` is the query parameter's word. */
export function toAnswer(context: RequestContext, response: Plain, clock: Clock): Answer {
  switch (response.kind) {
    case 'raw':
      return { ...response, headers: { 'content-type': response.contentType, ...response.headers } }
    case 'watch': {
      const type = mediaTypeFor(response.resource, 'watch', context.headers.accept)
      const { contentType, encode } = watchEncoder(response.resource, type, context, clock)
      return { status: 200, headers: { 'content-type': contentType }, body: { run: response.run, encode } }
    }
    case 'list':
      return listAnswer(context, response, clock)
    case 'object':
      return objectAnswer(context, response, clock)
  }
}

type ObjectResponse = Response & { kind: 'object' }
type ListResponse = Response & { kind: 'list' }

function objectAnswer(context: RequestContext, response: ObjectResponse, clock: Clock): Answer {
  const { resource, object, servable, status } = response
  if (!resource) return loose(status, object, statusFormat(context.headers.accept), context)
  const type = mediaTypeFor(resource, context.info.verb, context.headers.accept)
  if (type.transform) return loose(status, transformed(context, response, type, clock), type.format, context)
  if (!servable) return loose(status, shown(resource, object), type.format, context)
  if (type.format === 'protobuf')
    return encoded(status, 'protobuf', objectProtobuf(resource.schema, servable))
  if (type.format === 'yaml' || isPretty(context, type))
    return loose(status, shown(resource, object), type.format, context)
  return encoded(status, 'json', objectJson(resource, servable))
}

function transformed(
  context: RequestContext,
  { object, resource }: ObjectResponse,
  type: MediaType,
  clock: Clock,
): object {
  const whole = object as Parameters<typeof toPartial>[0]
  if (type.transform !== 'Table') return toPartial(whole)
  const { resourceVersion = '' } = whole.metadata
  const metadata = { resourceVersion }
  return toServedTable(resource!, [whole], { nowMs: clock.nowMs(), options: context.options, metadata })
}

function listAnswer(context: RequestContext, { resource, list, status }: ListResponse, clock: Clock): Answer {
  const type = mediaTypeFor(resource, 'list', context.headers.accept)
  const metadata = listMeta(list)
  const packs =
    type.format !== 'yaml' && !isPretty(context, type) && takesGzip(context.headers['accept-encoding'])
  if (type.transform === 'Table' && packs) {
    const request = { nowMs: clock.nowMs(), options: context.options, metadata }
    const packed = gzipTable(resource, list, request, gzipBytesMin)
    if (packed) return packedAnswer(status, 'json', packed)
  }
  if (type.transform) {
    const objects = list.items.map(({ object }) => object)
    const { options } = context
    const made =
      type.transform === 'Table'
        ? toServedTable(resource, objects, { nowMs: clock.nowMs(), options, metadata })
        : toPartialList(objects, metadata)
    return loose(status, made, type.format, context)
  }
  if (type.format !== 'yaml' && packs) {
    const packed = gzipList(resource, list, type.format, gzipBytesMin)
    if (packed) return packedAnswer(status, type.format, packed)
  }
  if (type.format === 'protobuf') return encoded(status, 'protobuf', listProtobuf(resource, list))
  const json = listJson(resource, list)
  if (type.format === 'json' && !isPretty(context, type)) return encoded(status, 'json', json)
  return loose(status, parseExact(Buffer.from(json).toString()) as object, type.format, context)
}

function packedAnswer(status: number, format: Format, body: Uint8Array): Answer {
  return { status, headers: { 'content-type': contentTypes[format], ...gzipHeaders }, body }
}

/** A Status for a failure, with Retry-After where it says when to come back. */
export function failureAnswer(
  context: Pick<RequestContext, 'headers' | 'userAgent'>,
  error: StatusError,
): Answer {
  const { status, code } = error
  const answer = loose(code, status, statusFormat(context.headers.accept), context)
  const { retryAfterSeconds } = status.details ?? {}
  if (!retryAfterSeconds && !error.headers) return answer
  const headers: Record<string, string | string[]> = { ...answer.headers, ...error.headers }
  if (retryAfterSeconds) headers['retry-after'] = String(retryAfterSeconds)
  return { ...answer, headers }
}

type Agent = Pick<RequestContext, 'headers' | 'userAgent'>

/** Encodes what has no cached form. */
function loose(status: number, object: object, format: Format, context: Agent): Answer {
  if (format === 'protobuf')
    return encoded(status, format, looseProtobuf(object as Parameters<typeof looseProtobuf>[0]))
  if (format === 'yaml') return encoded(status, format, yamlText(object))
  return encoded(status, format, `${JSON.stringify(object, undefined, isPretty(context) ? 2 : undefined)}\n`)
}

function encoded(status: number, format: Format, body: Uint8Array | string): Answer {
  return { status, headers: { 'content-type': contentTypes[format] }, body }
}

const prettyAgents = ['curl', 'Wget', 'Mozilla/5.0']

/** People at a terminal or in a browser get indented JSON (upstream's isPrettyPrint). */
function isPretty(context: Agent, type?: MediaType): boolean {
  const asked = context.headers[prettyHeader]
  if (asked !== undefined) return asked !== '0' && asked !== 'false'
  return type?.pretty || prettyAgents.some(agent => context.userAgent.startsWith(agent))
}

/** The front puts the query parameter here: no header of a client can have this name. */
export const prettyHeader = ':pretty'
