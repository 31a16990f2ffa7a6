import type { Resource } from '../../api/define.ts'
import { cborWatchEvent, encodeCbor, encodeProtobuf, watchFrame } from '../../machinery/codec/index.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { notAcceptable } from '../../machinery/status/errors.ts'
import type { Clock } from '../../std/ports.ts'
import type { RequestContext, ServedEvent } from '../context.ts'
import { memo } from '../rest/memo.ts'
import { keepForm } from '../watchcache/index.ts'
import { isBuiltin, looseProtobuf, objectCbor, objectJson, objectProtobuf, shown } from './encode.ts'
import { contentTypes, type MediaType } from './negotiation.ts'
import { cborSequence, streamedTypes } from './offer.ts'
import { toPartial, toServedTable } from './transform.ts'

export interface WatchEncoder {
  readonly contentType: string
  readonly encode: (event: ServedEvent) => Uint8Array
}

/** How a watch writes its events. Frames of shared objects are made once and sent to every watcher. */
export function watchEncoder(
  resource: Resource,
  type: MediaType,
  context: RequestContext,
  clock: Clock,
): WatchEncoder {
  if (type.format === 'yaml') throw notAcceptable(streamedTypes(context.servesCbor ?? false))
  const transform = transformer(resource, type, context, clock)
  if (type.format === 'cbor') {
    const encode = transform ? (event: ServedEvent) => looseItem(event, transform) : sharedItem(resource)
    return { contentType: cborSequence, encode }
  }
  if (type.format === 'protobuf') {
    const encode = transform ? (event: ServedEvent) => looseFrame(event, transform) : sharedFrame(resource)
    return { contentType: `${contentTypes.protobuf};stream=watch`, encode }
  }
  const encode = transform ? (event: ServedEvent) => looseLine(event, transform) : sharedLine(resource)
  return { contentType: contentTypes.json, encode }
}

type Transformer = (event: ServedEvent) => object

function transformer(
  resource: Resource,
  type: MediaType,
  context: RequestContext,
  clock: Clock,
): Transformer | undefined {
  if (!type.transform) return undefined
  const { transformVersion: version } = type
  if (type.transform !== 'Table')
    return ({ type: kind, object }) => (kind === 'ERROR' ? object : toPartial(resource, object, version))
  let noHeaders = false
  return ({ type: kind, object }) => {
    if (kind === 'ERROR') return object
    const { resourceVersion = '' } = object.metadata
    // A bookmark is a row, too: watch-list clients look at the annotations of its object.
    const table = toServedTable(resource, [object], {
      nowMs: clock.nowMs(),
      options: kind === 'BOOKMARK' ? bookmarkRow(context.options) : context.options,
      metadata: { resourceVersion },
      noHeaders,
      version,
    })
    noHeaders = true
    return table
  }
}

function bookmarkRow(options: RequestContext['options']): RequestContext['options'] {
  return options.includeObject === 'None' ? { ...options, includeObject: 'Metadata' } : options
}

type Names = Readonly<Record<ServedEvent['type'], string>>

/** What the frames of each type are kept under: every watcher asks for them with every event. */
const namesOf = (form: string): Names => ({
  ADDED: `${form} ADDED`,
  MODIFIED: `${form} MODIFIED`,
  DELETED: `${form} DELETED`,
  BOOKMARK: `${form} BOOKMARK`,
  ERROR: `${form} ERROR`,
})
const lineNames = namesOf('line')
const itemNames = namesOf('item')
const frameNames = namesOf('frame')

const lineStarts: Readonly<Record<ServedEvent['type'], Buffer>> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
  BOOKMARK: Buffer.from('{"type":"BOOKMARK","object":'),
  ERROR: Buffer.from('{"type":"ERROR","object":'),
}
const lineEnd = Buffer.from('}\n')

const lines = new WeakMap<Resource, WatchEncoder['encode']>()

/** The same function for all watches of a kind. */
function sharedLine(resource: Resource): WatchEncoder['encode'] {
  return memo(lines, resource, () => event => jsonLine(resource, event))
}

/** One line of a JSON watch. */
function jsonLine(resource: Resource, { type, object, servable }: ServedEvent): Uint8Array {
  if (!servable) {
    const text = JSON.stringify(type === 'ERROR' ? object : shown(resource, object))
    return Buffer.from(`{"type":"${type}","object":${text}}\n`)
  }
  const form = lineNames[type]
  const known = servable.encodings.get(form)
  if (known) return known
  const json = objectJson(resource, servable)
  const line = Buffer.concat([lineStarts[type], json.subarray(0, json.length - 1), lineEnd])
  keepForm(servable, form, line)
  return line
}

function looseLine(event: ServedEvent, transform: Transformer): Uint8Array {
  return Buffer.from(`{"type":"${event.type}","object":${JSON.stringify(transform(event))}}\n`)
}

function looseFrame(event: ServedEvent, transform: Transformer): Uint8Array {
  return watchFrame(event.type, looseProtobuf(transform(event) as KubeObject))
}

function looseItem(event: ServedEvent, transform: Transformer): Uint8Array {
  return cborWatchEvent(event.type, encodeCbor(transform(event)))
}

const items = new WeakMap<Resource, WatchEncoder['encode']>()

/** The same function for all watches of a kind. */
function sharedItem(resource: Resource): WatchEncoder['encode'] {
  return memo(items, resource, () => event => cborItem(resource, event))
}

/** One item of a CBOR watch. */
function cborItem(resource: Resource, { type, object, servable }: ServedEvent): Uint8Array {
  if (!servable) return cborWatchEvent(type, encodeCbor(type === 'ERROR' ? object : shown(resource, object)))
  const form = itemNames[type]
  const known = servable.encodings.get(form)
  if (known) return known
  const item = cborWatchEvent(type, objectCbor(resource, servable))
  keepForm(servable, form, item)
  return item
}

const frames = new WeakMap<Resource, WatchEncoder['encode']>()

/** The same function for all watches of a kind. */
function sharedFrame(resource: Resource): WatchEncoder['encode'] {
  if (!isBuiltin(resource)) throw notAcceptable([contentTypes.json])
  return memo(frames, resource, () => frameOf(resource))
}

function frameOf(resource: Resource): WatchEncoder['encode'] {
  return ({ type, object, servable }: ServedEvent): Uint8Array => {
    if (!servable) {
      return watchFrame(
        type,
        type === 'ERROR' ? looseProtobuf(object) : encodeProtobuf(resource.schema, object),
      )
    }
    const form = frameNames[type]
    const known = servable.encodings.get(form)
    if (known) return known
    const frame = watchFrame(type, objectProtobuf(resource.schema, servable))
    keepForm(servable, form, frame)
    return frame
  }
}
