import { encodeCbor } from '../../machinery/codec/index.ts'
import type { Status, StatusError } from '../../machinery/status/status.ts'
import type { Clock } from '../../std/ports.ts'
import type { ListResult, RequestContext, Response, ServedEvent, WatchRun } from '../context.ts'
import { gzipBytesMin, gzipHeaders, takesGzip } from './compression.ts'
import { listMeta, looseProtobuf, objectCbor, objectJson, objectProtobuf, shown } from './encode.ts'
import { type ListForm, listForm } from './list-forms.ts'
import { contentTypes, type Format, type MediaType } from './negotiation.ts'
import { failureFormat, mediaTypeFor, statusFormat } from './offer.ts'
import { gzipList } from './packed-list.ts'
import {
  gzipListPieces,
  isLong,
  isLongYaml,
  listPieces,
  type Pieces,
  yamlListPieces,
} from './streamed-list.ts'
import { misshapen, toPartial, toServedTable } from './transform.ts'
import { watchEncoder } from './watch-frames.ts'
import { yamlText } from './yaml-text.ts'

/** What goes over the wire. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Uint8Array | string | ReadableStream<Uint8Array> | Pieces | WatchAnswer
  /** Pieces of a size that nobody knows before: what comes of them may be worth compressing. */
  readonly isUnmeasured?: boolean
  /** Sent as it is, however large and whatever the client takes. */
  readonly isPlain?: boolean
}

export interface WatchAnswer {
  readonly run: WatchRun
  readonly encode: (event: ServedEvent) => Uint8Array
  readonly sent: (bytes: number) => void
}

type Plain = Exclude<Response, { kind: 'upgrade' }>

/** Encodes a response as the client asked. `pretty` is the query parameter's word. */
export function toAnswer(context: RequestContext, response: Plain, clock: Clock): Answer {
  switch (response.kind) {
    case 'raw':
      return {
        ...response,
        headers: {
          ...(response.contentType && { 'content-type': response.contentType }),
          ...response.headers,
        },
      }
    case 'watch': {
      const type = mediaTypeFor(response.resource, context)
      const { contentType, encode } = watchEncoder(response.resource, type, context, clock)
      return {
        status: 200,
        headers: { 'content-type': contentType },
        body: { run: response.run, encode, sent: response.sent ?? unseen },
      }
    }
    case 'list':
      return listAnswer(context, response, clock)
    case 'object':
      return objectAnswer(context, response, clock)
  }
}

const unseen = () => {}

type ObjectResponse = Response & { kind: 'object' }
type ListResponse = Response & { kind: 'list' }

function objectAnswer(context: RequestContext, response: ObjectResponse, clock: Clock): Answer {
  const { resource, object, servable, status } = response
  if (!resource) return loose(status, object, statusFormat(context), context)
  const type = mediaTypeFor(resource, context)
  if (type.transform) return loose(status, transformed(context, response, type, clock), type.format, context)
  if (!servable) return loose(status, shown(resource, object), type.format, context)
  if (type.format === 'protobuf')
    return encoded(status, 'protobuf', objectProtobuf(resource.schema, servable))
  if (type.format === 'cbor') return encoded(status, 'cbor', objectCbor(resource, servable))
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
  const whole = object as Parameters<typeof toPartial>[1]
  const { transform, transformVersion: version } = type
  if (transform === 'PartialObjectMetadataList') throw misshapen(resource!, transform)
  if (transform !== 'Table') return toPartial(resource!, whole, version)
  const { resourceVersion = '' } = whole.metadata
  const metadata = { resourceVersion }
  return toServedTable(resource!, [whole], {
    nowMs: clock.nowMs(),
    options: context.options,
    metadata,
    version,
  })
}

function listAnswer(context: RequestContext, { resource, list, status }: ListResponse, clock: Clock): Answer {
  const type = mediaTypeFor(resource, context)
  const { transform, transformVersion: version } = type
  if (transform === 'PartialObjectMetadata') throw misshapen(resource, transform)
  const packs = takesGzip(context.headers['accept-encoding'])
  const isStreamed = isLong(list) && !context.needsWhole
  // In whole seconds, so that all tables of one second tell the same ages.
  const nowMs = Math.floor(clock.nowMs() / 1000) * 1000
  const form = listForm({
    resource,
    list,
    type,
    isPretty: isPretty(context, type),
    table: { nowMs, options: context.options, metadata: listMeta(list), version },
    // A list that lies in no runs is a choice of a few: nothing larger is kept of it.
    keepsItems: (!packs || !list.runs) && !isStreamed,
    isLong: isStreamed,
  })
  if (form.itemsJson && context.longYaml && isLongYaml(list) && !context.needsWhole)
    return {
      status,
      headers: { 'content-type': contentTypes.yaml },
      body: yamlListPieces(form, list, context.longYaml),
      isUnmeasured: true,
    }
  if (isStreamed) return streamedAnswer(status, form, list, { packs, clock })
  const packed = packs ? gzipList(form, list, gzipBytesMin) : undefined
  return packed ? packedAnswer(status, form.format, packed) : wholeAnswer(status, form, list)
}

function wholeAnswer(status: number, form: ListForm, list: ListResult): Answer {
  const items = form.items(list.items, true)
  const { head, tail } = form.frame(list.items.length, items.length)
  return encoded(status, form.format, Buffer.concat([head, items, tail]))
}

interface Sending {
  readonly packs: boolean
  readonly clock: Clock
}

function streamedAnswer(status: number, form: ListForm, list: ListResult, { packs, clock }: Sending): Answer {
  const headers = { 'content-type': contentTypes[form.format] }
  if (!packs) return { status, headers, body: listPieces(form, list, clock) }
  return { status, headers: { ...headers, ...gzipHeaders }, body: gzipListPieces(form, list, clock) }
}

function packedAnswer(status: number, format: Format, body: Uint8Array): Answer {
  return { status, headers: { 'content-type': contentTypes[format], ...gzipHeaders }, body }
}

/** A Status for a failure, with Retry-After where it says when to come back. */
export function failureAnswer(context: Agent, error: StatusError): Answer {
  const { status, code } = error
  if (error.isBare) return bareAnswer(status)
  const format = failureFormat(context)
  // As upstream: what nobody has asked for is for people to read.
  const answer = format ? loose(code, status, format, context) : encoded(code, 'json', pretty(status))
  const { retryAfterSeconds } = status.details ?? {}
  if (!retryAfterSeconds && !error.headers) return answer
  const headers: Record<string, string | string[]> = { ...answer.headers, ...error.headers }
  if (retryAfterSeconds) headers['retry-after'] = String(retryAfterSeconds)
  return { ...answer, headers }
}

/** As Go's library sends what nobody has named the type of. */
function bareAnswer({ kind: _kind, apiVersion: _version, ...status }: Status): Answer {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return { status: status.code, headers, body: `${JSON.stringify(status)}\n` }
}

type Agent = Pick<RequestContext, 'headers' | 'userAgent' | 'servesCbor' | 'longYaml' | 'needsWhole'>

/** Encodes what has no cached form. */
export function loose(status: number, object: object, format: Format, context: Agent): Answer {
  if (format === 'protobuf')
    return encoded(status, format, looseProtobuf(object as Parameters<typeof looseProtobuf>[0]))
  if (format === 'cbor') return encoded(status, format, encodeCbor(object))
  if (format === 'yaml') return yamlAnswer(status, object, context)
  // As upstream: only the plain form ends its line.
  const body = isPretty(context) ? pretty(object) : `${JSON.stringify(object)}\n`
  return encoded(status, format, body)
}

/** JSON of so many characters takes the library tens of milliseconds to print as YAML. */
const longYamlMin = 32 << 10

function yamlAnswer(status: number, object: object, { longYaml, needsWhole }: Agent): Answer {
  const json = longYaml && !needsWhole ? JSON.stringify(object) : ''
  if (!longYaml || json.length < longYamlMin) return encoded(status, 'yaml', yamlText(object))
  const pieces: Pieces = async function* () {
    yield Buffer.from(await longYaml.print(json))
  }
  return { status, headers: { 'content-type': contentTypes.yaml }, body: pieces, isUnmeasured: true }
}

function encoded(status: number, format: Format, body: Uint8Array | string): Answer {
  return { status, headers: { 'content-type': contentTypes[format] }, body }
}

const pretty = (object: object) => JSON.stringify(object, undefined, 2)

/** Go's strconv.ParseBool; any other word is false. */
const trueWords = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const prettyAgents = ['curl', 'Wget', 'Mozilla/5.0']

/** People at a terminal or in a browser get indented JSON (upstream's isPrettyPrint). */
function isPretty(context: Agent, type?: MediaType): boolean {
  const asked = context.headers[prettyHeader]
  if (type?.pretty) return true
  return asked ? trueWords.has(asked) : prettyAgents.some(agent => context.userAgent.startsWith(agent))
}

/** The front puts the query parameter here: no header of a client can have this name. */
export const prettyHeader = ':pretty'
