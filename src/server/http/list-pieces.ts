import type { Resource } from '../../api/define.ts'
import { encodeMessage, listFrame, listItems } from '../../machinery/codec/index.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { ListResult, Servable } from '../context.ts'
import { memo } from '../rest/memo.ts'
import { metaSchema } from '../rest/meta-type.ts'
import { isBuiltin, listEnd, listJsonHead, listMeta, shown } from './encode.ts'
import { type Deflated, deflate, gzipOf } from './gzip-pieces.ts'

/** Below this many items a list is hardly ever large enough to be compressed. */
const itemsMin = 32

type Run = readonly Servable[]
type Encoder = (resource: Resource, run: Run, isFirst: boolean) => Uint8Array

const kept = new WeakMap<Run, Map<string, Deflated>>()

/**
 * A large list as gzip, put together from runs of items that stay compressed from one list to the next while nothing
 * in them changes. Undefined where that does not pay: fewer than `bytesMin` bytes, or a list that is no whole folder.
 */
export function gzipList(
  resource: Resource,
  list: ListResult,
  format: 'json' | 'protobuf',
  bytesMin: number,
): Uint8Array | undefined {
  const { runs } = list
  if (!runs || runs.reduce((sum, run) => sum + run.length, 0) < itemsMin) return undefined
  const encode = format === 'json' ? jsonItems : protobufItems
  const pieces = runs.map((run, index) => deflatedRun(resource, run, format, encode, index === 0))
  const itemsLength = pieces.reduce((sum, { length }) => sum + length, 0)
  if (itemsLength < bytesMin) return undefined
  const { head, tail } =
    format === 'json'
      ? { head: listJsonHead(resource, list), tail: listEnd }
      : frame(resource, list, itemsLength)
  return gzipOf([deflate(head), ...pieces, deflate(tail)])
}

function deflatedRun(
  resource: Resource,
  run: Run,
  format: string,
  encode: Encoder,
  isFirst: boolean,
): Deflated {
  const forms = memo(kept, run, () => new Map<string, Deflated>())
  const form = `${format} ${resource.group}/${resource.version}${isFirst ? ' first' : ''}`
  return memo(forms, form, () => deflate(encode(resource, run, isFirst)))
}

/** Items of built-in kinds go without their type, as upstream's do. */
function jsonItems(resource: Resource, run: Run, isFirst: boolean): Uint8Array {
  const { kind, group, version } = resource
  const type = `{"kind":"${kind}","apiVersion":"${toApiVersion(group, version)}",`
  const strip = isBuiltin(resource)
  const texts = run.map(({ object }) => {
    const text = JSON.stringify(shown(resource, object))
    return strip && text.startsWith(type) ? `{${text.slice(type.length)}` : text
  })
  return Buffer.from(`${isFirst ? '' : ','}${texts.join(',')}`)
}

function protobufItems({ schema }: Resource, run: Run): Uint8Array {
  return listItems(
    run.map(({ object, encodings }) => encodings.get('message') ?? encodeMessage(schema, object)),
  )
}

function frame(resource: Resource, list: ListResult, itemsLength: number) {
  const type = { apiVersion: toApiVersion(resource.group, resource.version), kind: resource.listKind }
  return listFrame(type, encodeMessage(metaSchema('ListMeta'), listMeta(list)), itemsLength)
}
