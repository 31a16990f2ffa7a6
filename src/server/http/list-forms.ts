/** A list piece by piece, in each form that a client may ask for: what stands before its items, the items, the end. */
import type { Resource } from '../../api/define.ts'
import {
  cborHead,
  encodeCbor,
  encodeMessage,
  listFrame,
  listItems,
  selfDescribed,
} from '../../machinery/codec/index.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject, ListMeta } from '../../machinery/meta/object.ts'
import { toRow } from '../../machinery/table/table.ts'
import type { ListResult, Servable } from '../context.ts'
import { metaSchema } from '../rest/meta-type.ts'
import { isBuiltin, joinedJson, listMeta, messageOf, shown } from './encode.ts'
import type { Format, MediaType } from './negotiation.ts'
import { partialListHead, rowOptions, type TableRequest, toPartial, toServedTable } from './transform.ts'
import { yamlText } from './yaml-text.ts'

type Run = readonly Servable[]

export interface ListForm {
  readonly format: Format
  /** The items of a run as they lie between others. */
  items(run: Run, isFirst: boolean): Uint8Array
  /** The same items as JSON that becomes YAML; absent in other forms. */
  itemsJson?(run: Run): string
  /** What goes around `itemsLength` bytes of `count` items. */
  frame(count: number, itemsLength: number): { readonly head: Uint8Array; readonly tail: Uint8Array }
  /** Whether the head says how long all items are, so that it cannot be sent before they are made. */
  readonly isMeasured?: boolean
  /** What compressed items are kept as beside their run, until that is another; absent: they are not. */
  readonly keptAs?: KeptAs
}

/** Items under one key are as good as others whose stamp is no further off than `slack`. */
export interface KeptAs {
  readonly key: string
  readonly stamp: number
  readonly slack: number
}

export interface ListRequest {
  readonly resource: Resource
  readonly list: ListResult
  readonly type: MediaType
  readonly isPretty: boolean
  readonly table: TableRequest
  /** Whether the bytes of each item are kept beside it: where they are not kept in something larger, or are too many. */
  readonly keepsItems?: boolean
  /** Whether it is made and sent in pieces. */
  readonly isLong?: boolean
}

/** How this list is written. Throws as `toServedTable` does when the table cannot be had. */
export function listForm(request: ListRequest): ListForm {
  const { type, isPretty } = request
  const view = viewOf(request)
  switch (type.format) {
    case 'protobuf':
      return protobufForm(request)
    case 'cbor':
      return cborForm(view)
    case 'yaml':
      return yamlForm(view)
    case 'json':
      if (isPretty) return prettyForm(view)
      if (!type.transform) return joinedForm(request, view)
      return { ...jsonForm(view), ...tableKeptAs(request) }
  }
}

/** Making a long table takes about as long: its ages are those of when it, or one shortly before it, was asked for. */
const longTableSlackMs = 2_000

/** Ages in a table's cells are told in whole seconds: within one of them nothing changes but with the objects. */
function tableKeptAs({ resource, type, table, isLong }: ListRequest): Pick<ListForm, 'keptAs'> {
  const carries = table.options.includeObject ?? 'Metadata'
  const isUsual = (type.transformVersion ?? 'v1') === 'v1' && carries === 'Metadata'
  if (type.transform !== 'Table' || !isUsual) return {}
  const slack = isLong ? longTableSlackMs : 0
  return { keptAs: { key: `table ${versionOf(resource)}`, stamp: table.nowMs, slack } }
}

/** A list without its items, and what each of them is shown as. */
interface ListView {
  readonly envelope: Readonly<Record<string, unknown>>
  readonly member: 'items' | 'rows'
  /** As upstream makes it of no items. */
  readonly none: readonly [] | null
  show(servable: Servable): object
}

function viewOf({ resource, list, type, table }: ListRequest): ListView {
  if (type.transform === 'Table') {
    const { columns } = resource
    const include = table.options.includeObject as 'None' | 'Metadata' | 'Object' | undefined
    const options = {
      nowMs: table.nowMs,
      ...(include && { includeObject: include }),
      ...rowOptions(resource),
      ...(type.transformVersion && { version: type.transformVersion }),
    }
    const { rows: _none, ...envelope } = toServedTable(resource, [], table)
    const whole = include === 'Object' ? (object: KubeObject) => shown(resource, object) : same
    return {
      envelope,
      member: 'rows',
      none: [],
      show: ({ object }) => toRow(columns, whole(object), options),
    }
  }
  if (type.transform) {
    const envelope = partialListHead(listMeta(list), type.transformVersion)
    const show = ({ object }: Servable) => toPartial(resource, object, type.transformVersion)
    return { envelope, member: 'items', none: null, show }
  }
  const envelope = {
    kind: resource.listKind,
    apiVersion: versionOf(resource),
    metadata: metadataOf(resource, list),
  }
  return { envelope, member: 'items', none: [], show: ({ object }) => itemOf(resource, object) }
}

const same = (object: KubeObject) => object

function versionOf({ group, version }: Resource): string {
  return toApiVersion(group, version)
}

/** Upstream has no type for a custom list that would leave an empty token out. */
function metadataOf(resource: Resource, list: ListResult): ListMeta {
  return isBuiltin(resource) ? listMeta(list) : { continue: '', ...listMeta(list) }
}

/** Items of built-in kinds go without their type, as upstream's do. */
function itemOf(resource: Resource, object: Servable['object']): object {
  const item = shown(resource, object)
  if (!isBuiltin(resource)) return item
  const { kind: _kind, apiVersion: _version, ...rest } = item
  return rest
}

/** The one that most clients ask for. */
function joinedForm({ resource, keepsItems }: ListRequest, view: ListView): ListForm {
  const plain = { ...jsonForm(view), keptAs: { key: `json ${versionOf(resource)}`, stamp: 0, slack: 0 } }
  return keepsItems ? { ...plain, items: (run, isFirst) => joinedJson(resource, run, isFirst) } : plain
}

function jsonForm({ envelope, member, none, show }: ListView): ListForm {
  const empty = JSON.stringify({ ...envelope, [member]: [] })
  return {
    format: 'json',
    items: (run, isFirst) =>
      Buffer.from((isFirst ? '' : ',') + run.map(item => JSON.stringify(show(item))).join(',')),
    frame: count =>
      count === 0 && none === null
        ? { head: Buffer.from(`${JSON.stringify({ ...envelope, [member]: none })}\n`), tail: nothing }
        : { head: Buffer.from(empty.slice(0, -']}'.length)), tail: Buffer.from(']}\n') },
  }
}

const pretty = (value: unknown) => JSON.stringify(value, undefined, 2)

function prettyForm({ envelope, member, none, show }: ListView): ListForm {
  const empty = pretty({ ...envelope, [member]: [] })
  const indented = (item: Servable) => `\n    ${pretty(show(item)).replaceAll('\n', '\n    ')}`
  return {
    format: 'json',
    items: (run, isFirst) => Buffer.from((isFirst ? '' : ',') + run.map(indented).join(',')),
    frame: count => {
      if (count === 0) return { head: Buffer.from(pretty({ ...envelope, [member]: none })), tail: nothing }
      return { head: Buffer.from(empty.slice(0, -']\n}'.length)), tail: Buffer.from('\n  ]\n}') }
    },
  }
}

function yamlForm({ envelope, member, none, show }: ListView): ListForm {
  const part = (isBefore: boolean) => {
    const entries = Object.entries(envelope).filter(([key]) => key < member === isBefore)
    return entries.length > 0 ? yamlText(Object.fromEntries(entries)) : ''
  }
  return {
    format: 'yaml',
    items: run => (run.length > 0 ? Buffer.from(yamlText(run.map(show))) : nothing),
    itemsJson: run => JSON.stringify(run.map(show)),
    frame: count => ({
      head: Buffer.from(`${part(true)}${member}:${count === 0 ? ` ${JSON.stringify(none)}` : ''}\n`),
      tail: Buffer.from(part(false)),
    }),
  }
}

function cborForm({ envelope, member, none, show }: ListView): ListForm {
  const bare = (value: unknown) => encodeCbor(value).subarray(selfDescribed.length)
  const names = Object.keys(envelope)
  const members = [...names.flatMap(name => [bare(name), bare(envelope[name])]), bare(member)]
  const start = Buffer.concat([selfDescribed, cborHead('map', names.length + 1), ...members])
  return {
    format: 'cbor',
    items: run => Buffer.concat(run.map(item => bare(show(item)))),
    frame: count => {
      const list = count === 0 ? bare(none) : cborHead('list', count)
      return { head: Buffer.concat([start, list]), tail: nothing }
    },
  }
}

const nothing = new Uint8Array(0)

function protobufForm({ resource, list, type }: ListRequest): ListForm {
  const { transform, transformVersion = 'v1' } = type
  const { schema } = resource
  const partial = metaSchema('PartialObjectMetadata')
  const message = transform
    ? ({ object }: Servable) => encodeMessage(partial, toPartial(resource, object))
    : (item: Servable) => messageOf(schema, item)
  const kind = transform ? 'PartialObjectMetadataList' : resource.listKind
  const apiVersion = transform ? `meta.k8s.io/${transformVersion}` : versionOf(resource)
  const metadata = encodeMessage(metaSchema('ListMeta'), listMeta(list))
  return {
    format: 'protobuf',
    isMeasured: true,
    ...(!transform && { keptAs: { key: `protobuf ${versionOf(resource)}`, stamp: 0, slack: 0 } }),
    items: run => listItems(run.map(message)),
    frame: (_count, length) => listFrame({ apiVersion, kind }, metadata, length),
  }
}
