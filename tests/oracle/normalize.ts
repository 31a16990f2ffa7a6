import { parse } from 'yaml'
import { facts } from '../../src/api/schema/index.ts'
import {
  decodeCbor,
  decodeProtobuf,
  encodeProtobuf,
  isProtobuf,
  openEnvelope,
  readWatchEvent,
} from '../../src/machinery/codec/index.ts'
import { fromApiVersion } from '../../src/machinery/meta/group.ts'
import type { ObjectSchema } from '../../src/machinery/schema/schema.ts'
import { type Answer, protobuf } from './case.ts'

/** Headers whose value is each server's own: that they are there is compared. */
const ownHeaders = new Set([
  'audit-id',
  'content-range',
  'etag',
  'last-modified',
  'x-kubernetes-pf-flowschema-uid',
  'x-kubernetes-pf-prioritylevel-uid',
])
/** How the bytes travel is the business of HTTP. */
const transportHeaders = new Set(['date', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'])

const volatileKeys = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'time',
  'expirationTimestamp',
  'lastTransitionTime',
  'lastUpdateTime',
  'lastPhaseTransitionTime',
  'continue',
  'serverAddressByClientCIDRs',
  'hash',
  'storageVersionHash',
  'nodePort',
  // Of which build the server is.
  ...['gitVersion', 'gitCommit', 'gitTreeState', 'goVersion', 'compiler', 'buildDate', 'platform'],
])

/** Makes two answers comparable: what the server chooses (ids, versions, times, suffixes) is replaced by its kind. */
export function normalize(status: number, headers: Headers, bytes: Uint8Array): Answer {
  const kept: Record<string, string> = {}
  for (const [name, value] of headers) {
    if (!transportHeaders.has(name)) kept[name] = ownHeaders.has(name) ? `<${name}>` : withoutBoundary(value)
  }
  return { status, headers: kept, body: readBody(headers.get('content-type') ?? '', bytes) }
}

/** Parts of a document are told apart by a word of chance, of the same length. */
function withoutBoundary(value: string): string {
  return value.replace(/boundary=[0-9a-f]{60}$/, 'boundary=<boundary>')
}

function readBody(contentType: string, bytes: Uint8Array): unknown {
  if (contentType.startsWith('application/cbor')) return readCbor(bytes)
  if (contentType.includes(protobuf) && contentType.includes('stream=watch')) return readFrames(bytes)
  if (isProtobuf(bytes)) return readProtobuf(bytes)
  // Its layout is held by the round trip of upstream's samples.
  return contentType.startsWith('application/yaml')
    ? walk(parse(Buffer.from(bytes).toString()))
    : normalizeBody(bytes)
}

/** Objects or events in CBOR, one behind another. */
function readCbor(bytes: Uint8Array): unknown[] {
  const found: unknown[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + lengthOfItem(bytes.subarray(at))
    found.push(walk(decodeCbor(bytes.subarray(at, end))))
    at = end
  }
  return found
}

/** The decoder takes one item alone and says where it ended. */
function lengthOfItem(bytes: Uint8Array): number {
  try {
    decodeCbor(bytes)
    return bytes.length
  } catch (error) {
    const end = /starting at index (\d+)$/.exec((error as Error).message)?.[1]
    if (end === undefined) throw error
    return Number(end)
  }
}

/** The events of a protobuf watch, each behind its length in four bytes. */
function readFrames(bytes: Uint8Array): unknown[] {
  const found: unknown[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + view.getUint32(at)
    const { type, object } = readWatchEvent(bytes.subarray(at + 4, end))
    found.push({ type, ...(readProtobuf(object) as object) })
    at = end
  }
  return found
}

/** Decoded by our codec, which must also give back the very bytes: theirs test ours. */
function readProtobuf(bytes: Uint8Array): unknown {
  const { apiVersion, kind } = openEnvelope(bytes)
  const { group, version } = fromApiVersion(apiVersion || 'v1')!
  const isDiscovery = group === 'apidiscovery.k8s.io'
  const schema = isDiscovery
    ? facts.typeNamed(`k8s.io/api/apidiscovery/v2.${kind}`)!
    : (facts.kindSchema(group, version, kind) ?? metaSchema(kind))
  const object = decodeProtobuf(schema, bytes)
  return { object: walk(object), isSameAgain: Buffer.from(encodeProtobuf(schema, object)).equals(bytes) }
}

function metaSchema(kind: string): ObjectSchema {
  return facts.typeNamed(`k8s.io/apimachinery/pkg/apis/meta/v1.${kind}`)!
}

function normalizeBody(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString()
  if (text.startsWith('{')) {
    try {
      return walk(JSON.parse(text))
    } catch {
      // Several lines of a watch, or text that only looks like JSON.
      return text.split('\n').map(line => normalizeLine(line))
    }
  }
  return text.replaceAll(/(uid|resourceVersion|creationTimestamp|time): .*/g, '$1: …').trim()
}

function normalizeLine(line: string): unknown {
  try {
    return walk(JSON.parse(line))
  } catch {
    return line
  }
}

function walk(value: unknown, key = ''): unknown {
  if (Array.isArray(value))
    return inOrder(key, value)
      .filter(item => !isLoopsOwn(key, item))
      .map(item => walk(item))
  if (typeof value === 'string') return normalizeText(value, key)
  if (value === null || typeof value !== 'object') return value
  if (isRefusal(value)) return walkFields(toldOnce(value))
  return walkFields(value)
}

/** Managers stand by the second in which they wrote, which is chance where one side is slower: here by their names. */
function inOrder(key: string, list: readonly unknown[]): readonly unknown[] {
  // Upstream names the managers that an apply conflicts with as its map gives them.
  if (key === 'causes' && list.every(item => isRecord(item) && item.reason === 'FieldManagerConflict'))
    return list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  if (key !== 'managedFields' || !list.every(isRecord)) return list
  const name = (entry: Record<string, unknown>) =>
    JSON.stringify(['operation', 'manager', 'apiVersion', 'subresource'].map(part => entry[part] ?? ''))
  return list.toSorted((a, b) => (name(a) < name(b) ? -1 : 1))
}

/** What the servers' own loops report on flow schemas and APIServices comes some time after the write: not compared. */
const loopManagers = ['api-priority-and-fairness-config-consumer-v1', 'kube-apiserver']
const loopReasons = [
  'Found',
  'NotFound',
  'ServiceNotFound',
  'Local',
  'EndpointsNotFound',
  'FailedDiscoveryCheck',
]

function isLoopsOwn(key: string, item: unknown): boolean {
  if (!isRecord(item)) return false
  if (key === 'managedFields')
    return item.subresource === 'status' && loopManagers.includes(String(item.manager))
  const isTheirs = item.type === 'Dangling' || item.type === 'Available'
  return key === 'conditions' && isTheirs && loopReasons.includes(String(item.reason))
}

function walkFields(value: object): unknown {
  const entries = Object.entries(value)
    .filter(
      ([name, inner]) =>
        !(Array.isArray(inner) && inner.length > 0 && inner.every(item => isLoopsOwn(name, item))),
    )
    .map(([name, inner]) => [
      // Items are owned by their keys.
      name.replace(/(?<="uid":")[^"]*/, '<uid>'),
      volatileKeys.has(name) && inner !== null ? `<${name}>` : walk(inner, name),
    ])
  return Object.fromEntries(entries)
}

interface Refusal {
  readonly message: string
  readonly details: { readonly causes: readonly unknown[] }
}

/** Where upstream checks a thing twice it repeats the cause, though not in the message: told once is the same. */
function toldOnce(refusal: Refusal): object {
  const { message, details } = refusal
  const seen = new Set(details.causes.map(cause => JSON.stringify(sortMembers(cause))))
  const causes = [...seen].map(cause => JSON.parse(cause) as unknown)
  const inTurn = byMapKey(message, causes)
  if (inTurn) return { ...refusal, message: inTurn.message, details: { ...details, causes: inTurn.causes } }
  return { ...refusal, message: headOf(message), details: { ...details, causes } }
}

/** Of several members of one map upstream tells in the order in which Go goes through it, which is chance: here by their keys. */
function byMapKey(message: string, causes: readonly unknown[]) {
  const told = causes.filter(isRecord).map(({ field, message: text }) => ({ field: String(field), text }))
  const maps = told.flatMap(({ field }) => mapMember.exec(field)?.[1] ?? [])
  if (new Set(maps).size === maps.length) return undefined
  if (!told.every(({ field, text }) => message.includes(`${field}: ${text}`))) return undefined
  const sorted = causes.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return { message: `${message.slice(0, message.indexOf(': '))}${cut}`, causes: sorted }
}

/** `spec.containers[0].resources.requests[cpu]` */
const mapMember = /^(.*)\[\D[^\]]*\]$/

function isRefusal(value: object): value is Refusal {
  const { reason, message, details } = value as { reason?: string; message?: string; details?: object }
  return (
    reason === 'Invalid' &&
    typeof message === 'string' &&
    Array.isArray((details as { causes?: unknown } | undefined)?.causes)
  )
}

/**
 * Behind a line break a complaint about a changed field shows what changed: upstream as a diff of its internal Go
 * structs, we as paths or not at all. It is for people and ends where the break is; the message repeats all causes,
 * so it keeps its head alone, also where objects stand in it.
 */
function headOf(message: string): string {
  const isPlain = !message.includes('\n') && !message.includes('value: {')
  return isPlain ? message : `${message.slice(0, message.indexOf(': '))}${cut}`
}

/** Which address of the range a Service gets is chance. */
const age = /^(?:\d+[smhdy])+$/
const clusterIp = /^(?:10\.96\.\d+\.\d+|fd00:10:96::[\da-f:]*)$/

function normalizeText(given: string, key: string): string {
  if (clusterIp.test(given)) return '<cluster IP>'
  if (key === '' && age.test(given)) return '<age>'
  const text = given
    .replaceAll(quotedJson, (_all, json: string) => sortedJson(json))
    .replaceAll(shownJson, (all, json: string) => all.replace(json, plainSorted(json)))
  if (key === 'message' && text.includes('\n')) return normalizeText(text.slice(0, text.indexOf('\n')), key)

  return (
    text
      // Types of a rule's environment are numbered, here and there.
      .replaceAll(/\bselfType\d+/g, 'selfType')
      // Where an object lies in the store is each server's own affair.
      .replaceAll(/in record \(\d+\)/g, 'in record (<resourceVersion>)')
      .replaceAll(/Key: [^,]*,/g, 'Key: <key>,')
      .replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<suffix>')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>')
      .replaceAll(/\b(gen-|Bad_)[a-z0-9]{5}\b/g, '$1<suffix>')
      .replaceAll(/in object meta: \d+/g, 'in object meta: <resourceVersion>')
      .replaceAll(/"(?:10\.96\.\d+\.\d+|fd00:10:96::[\da-f:]*)"/g, '"<cluster IP>"')
      .replaceAll(/current: \d+/g, 'current: <resourceVersion>')
      .replaceAll(/resource version: \d+ \(\d+\)/g, 'resource version: <resourceVersion>')
      .replaceAll(/hash=[0-9A-F]{128}/g, 'hash=<digest>')
      .replaceAll(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/g, '<token>')
      .replaceAll(/^X509SHA256=[0-9a-f]{64}$/g, 'X509SHA256=<digest>')
      .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z/g, time => (isRecent(time) ? '<now>' : time))
  )
}

const recentMs = 15 * 60_000

/** Made by a server during this run, not by a case. */
function isRecent(time: string): boolean {
  return Math.abs(Date.now() - Date.parse(time)) < recentMs
}

/** An object in a text is the same however its members are ordered and whether null or nothing is there. */
const quotedJson = /("\{\\"(?:[^"\\]|\\.)*\}")/g
const shownJson = /value: (\{.*\})(?=: |$)/g

function sortedJson(quoted: string): string {
  const text = JSON.parse(quoted) as string
  return JSON.stringify(plainSorted(text))
}

function plainSorted(json: string): string {
  try {
    return JSON.stringify(sortMembers(walk(JSON.parse(json))))
  } catch {
    return json
  }
}

function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .filter(key => value[key] !== null)
      .toSorted()
      .map(key => [key, sortMembers(value[key])]),
  )
}

/** Every place where two answers differ, as `path: ours | theirs`. */
export function differences(ours: Answer, theirs: Answer): string[] {
  // Where already the status differs the rest speaks of two things.
  if (ours.status !== theirs.status) return [`.status: ${ours.status} | ${theirs.status}`]
  const found: string[] = []
  compare(ours, theirs, '', found)
  return found.filter(place => !prose.test(place))
}

/** Descriptions of columns are prose of the upstream types; ours are empty, for only facts about kinds are committed. */
const prose = /columnDefinitions\.\d+\.description: "" \| "/

/** Stands for the rest of a text that is not compared. */
const cut = ': …'

function isCutAlike(a: unknown, b: unknown): boolean {
  if (typeof a !== 'string' || typeof b !== 'string' || !(a.endsWith(cut) || b.endsWith(cut))) return false
  const heads = [a, b].map(text => text.slice(0, text.indexOf(': ')))
  return heads[0] === heads[1]
}

function compare(a: unknown, b: unknown, path: string, found: string[]): void {
  if (a === b || isCutAlike(a, b)) return
  if (isRecord(a) && isRecord(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      compare(a[key], b[key], `${path}.${key}`, found)
    return
  }
  found.push(`${path || '.'}: ${short(a)} | ${short(b)}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'absent').slice(0, 300)
}
