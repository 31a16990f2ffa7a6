import type { Context } from 'hono'
import type { Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { Clock } from '../../std/ports.ts'
import type { Steps } from '../../std/turns.ts'
import { etagOf } from '../discovery/digest.ts'
import { type RouteEnv, type Routes, respondWhole } from '../http/routes.ts'
import { type Conditions, type Served, serveContent, unlessKnown } from '../http/served-content.ts'
import { memo } from '../rest/memo.ts'
import type { Descriptions } from './descriptions.ts'
import {
  type CustomSchemas,
  type DocumentOptions,
  type Making,
  makeOpenApiV2,
  makeOpenApiV3,
  makePageDocument,
} from './document.ts'
import { toGnosticV2 } from './gnostic-v2.ts'
import { toGnosticV3 } from './gnostic-v3.ts'
import { joinSwaggers, type OtherDocuments } from './other-documents.ts'
import { pagesOf } from './pages.ts'
import type { JsonSchema } from './schema-json.ts'
import { createSharedMaking, type ShareMaking } from './shared-making.ts'

export interface OpenApiOptions {
  readonly registry: Registry
  readonly version: string
  readonly custom: CustomSchemas
  readonly clock: Pick<Clock, 'nowMs'>
  /** Servers behind this one, whose documents join its own. */
  readonly others?: OtherDocuments
  /** Read anew for every document, which is rare, and not kept. */
  readonly readDescriptions?: () => Descriptions | undefined
}

interface Serving extends OpenApiOptions {
  readonly share: ShareMaking
  /** Documents are as old as what serves them. */
  readonly modifiedMs: number
}

/**
 * `/openapi/v3`, one document for each group and version, and `/openapi/v2`. Documents are written when they are
 * asked for and not kept: clients keep them by their hash.
 */
export function mountOpenApi(routes: Routes, given: OpenApiOptions): void {
  const options: Serving = { ...given, share: createSharedMaking(), modifiedMs: given.clock.nowMs() }
  routes.get('/openapi/v3', async c => {
    await fingerprintAll(options)
    const others = (await options.others?.index()) ?? {}
    const all = [...indexOf(options), ...Object.entries(others)]
    // A map in Go is written in the order of its keys.
    const paths = Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    const bytes = new TextEncoder().encode(JSON.stringify({ paths }))
    const headers = { 'content-type': 'text/plain; charset=utf-8' }
    return respondServed(serveContent(conditionsOf(c), { bytes, headers, modifiedMs: options.clock.nowMs() }))
  })
  routes.get('/openapi/v3/*', c => {
    const name = c.env.context.info.path.slice('/openapi/v3/'.length)
    const own = documentsOf(options).get(name)
    return own ? serveDocument(c, own, options) : serveOther(c, name, options)
  })
  routes.get('/openapi/v2', c => serveAll(c, options))
}

/** One document of version 3. */
interface VersionThree {
  hash(): string
  make(): Making
}

/** All documents of version 3, by their names: `api/v1`, `apis/apps`, `version`. */
function documentsOf(options: OpenApiOptions): ReadonlyMap<string, VersionThree> {
  const all = options.registry.all()
  const documents = new Map<string, VersionThree>()
  for (const [name, page] of pagesOf(all))
    documents.set(name, {
      hash: () => hashOf([], options, name),
      make: () => makePageDocument(page, documentOptions(options)),
    })
  const byVersion = Map.groupBy(all, ({ group, version }) => toApiVersion(group, version))
  for (const { name, versions } of options.registry.groups()) {
    for (const version of versions) {
      const resources = byVersion.get(toApiVersion(name, version)) ?? []
      documents.set(`${name === '' ? 'api' : 'apis'}/${toApiVersion(name, version)}`, {
        hash: () => hashOf(resources, options),
        make: () => makeOpenApiV3(resources, documentOptions(options)),
      })
    }
  }
  return documents
}

function* indexOf(options: OpenApiOptions): Generator<[string, object]> {
  for (const [name, document] of documentsOf(options))
    yield [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${document.hash()}` }]
}

/** Built-in kinds change with the release alone; custom ones by their schemas. */
function hashOf(resources: readonly Resource[], { version, custom }: OpenApiOptions, name = ''): string {
  const parts = resources.map(resource => fingerprint(resource, custom))
  return etagOf(`${version}\n${name}${parts.join('\n')}`)
}

const fingerprints = new WeakMap<Resource, string>()

/** What of a resource shows in its documents. */
function fingerprint(resource: Resource, custom: CustomSchemas): string {
  const { plural, kind, subresources } = resource
  return memo(fingerprints, resource, () =>
    etagOf(
      `${plural} ${kind} ${subresources.map(({ name }) => name)} ${JSON.stringify(custom(resource) ?? null)}`,
    ),
  )
}

/** Schemas of many custom kinds take a while to write: others are served in between. */
async function fingerprintAll({ registry, custom }: OpenApiOptions): Promise<void> {
  await inTurns(
    (function* () {
      for (const resource of registry.all()) {
        if (fingerprints.has(resource)) continue
        fingerprint(resource, custom)
        yield
      }
    })(),
  )
}

function documentOptions({ version, custom, readDescriptions }: OpenApiOptions): DocumentOptions {
  const descriptions = readDescriptions?.()
  return { version, custom, ...(descriptions && { descriptions }) }
}

const yearMs = 365 * 86_400_000

function serveDocument(
  c: Context<RouteEnv>,
  document: VersionThree,
  options: Serving,
): Response | Promise<Response> {
  const form = formOf(c, 3)
  if (!form) return notTaken('Accept')
  const hash = document.hash()
  const { context } = c.env
  const asked = context.query.get('hash')
  if (asked !== null && asked !== hash) return moved(`${context.info.path}?hash=${hash}`)
  const lasting = {
    'cache-control': 'public, immutable',
    expires: new Date(options.clock.nowMs() + yearMs).toUTCString(),
  }
  const headers = { etag: `"${hash}"`, vary: 'Accept', ...(asked !== null && lasting) }
  return unlessAsKnown(c, { form, headers, serving: options, isPlain: true }, () => inTurns(document.make()))
}

/** What a server behind this one writes of versions that it alone knows of. */
async function serveOther(c: Context<RouteEnv>, name: string, { others }: OpenApiOptions): Promise<Response> {
  const form = formOf(c, 3)
  const document = await others?.document(name)
  if (!document) return new Response(null, { status: 404 })
  if (!form) return notTaken('Accept')
  const headers = { 'content-type': form.type, vary: 'Accept' }
  return new Response(await inTurns(form.encode(document)), { headers })
}

async function serveAll(c: Context<RouteEnv>, options: Serving): Promise<Response> {
  const form = formOf(c, 2)
  if (!form) return notTaken('Accept-Encoding, Accept')
  await fingerprintAll(options)
  const all = options.registry.all()
  const own = hashOf(all, options)
  const others = (await options.others?.swaggers()) ?? []
  const hash = others.length === 0 ? own : etagOf(own + JSON.stringify(others))
  const headers = { etag: `"${hash}"`, vary: 'Accept-Encoding, Accept' }
  const make = async () => joinSwaggers(await inTurns(makeOpenApiV2(all, documentOptions(options))), others)
  return unlessAsKnown(c, { form, headers, serving: options }, make)
}

/** What a document is sent as. */
interface Form {
  readonly type: string
  readonly etagSuffix: string
  encode(document: JsonSchema): Steps<string | Uint8Array<ArrayBuffer>>
}

const asJson: Form = {
  type: 'application/json',
  etagSuffix: '',
  encode: jsonSteps,
}

/** `JSON.stringify` of a document whose members have many members. */
function* jsonSteps(document: JsonSchema): Steps<string> {
  const members: string[] = []
  for (const [name, value] of Object.entries(document)) {
    const text = isMap(value) ? yield* flatJsonSteps(value) : JSON.stringify(value)
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`)
  }
  return `{${members.join()}}`
}

const membersInStep = 16

function* flatJsonSteps(map: JsonMap): Steps<string> {
  const members: string[] = []
  for (const [name, value] of Object.entries(map)) {
    const text = JSON.stringify(value)
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`)
    if (members.length % membersInStep === 0) yield
  }
  return `{${members.join()}}`
}

function inProtobuf(version: 2 | 3, toBytes: (document: JsonSchema) => Uint8Array<ArrayBuffer>) {
  const type = `application/com.github.proto-openapi.spec.v${version}.v1.0+protobuf`
  // The second is what older clients ask for; a content type cannot hold its at sign.
  const asked = new Set([type, `application/com.github.proto-openapi.spec.v${version}@v1.0+protobuf`])
  function* encode(document: JsonSchema): Steps<Uint8Array<ArrayBuffer>> {
    yield
    return toBytes(document)
  }
  return { asked, form: { type, etagSuffix: '-PB', encode } satisfies Form }
}

const protobuf = { 2: inProtobuf(2, toGnosticV2), 3: inProtobuf(3, toGnosticV3) }

/** What the client asks for, JSON where it takes both; undefined where it takes neither. */
function formOf(c: Context<RouteEnv>, version: 2 | 3): Form | undefined {
  const { asked, form } = protobuf[version]
  if (c.req.header('accept') === undefined || takes(c, jsonTypes)) return asJson
  return takes(c, asked) ? form : undefined
}

/** Other forms of documents are not there, and upstream says so without a word. */
function notTaken(vary: string): Response {
  return new Response(null, { status: 406, headers: { vary } })
}

const jsonTypes = new Set(['application/json', 'application/*', '*/*', ''])

/** Whether the client's Accept header names one of these. */
function takes(c: Context<RouteEnv>, types: ReadonlySet<string>): boolean {
  const clauses = c.req.header('accept')?.split(',') ?? []
  return clauses.some(clause => types.has(clause.split(';')[0]!.trim()))
}

function moved(location: string): Response {
  return new Response(null, {
    status: 301,
    headers: { location, vary: 'Accept', 'content-type': 'application/json' },
  })
}

interface Answering {
  readonly form: Form
  readonly headers: Record<string, string>
  readonly serving: Serving
  /** Upstream compresses the one document of version 2 alone. */
  readonly isPlain?: boolean
}

function bytesOf(made: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof made === 'string' ? new TextEncoder().encode(made) : made
}

async function unlessAsKnown(
  c: Context<RouteEnv>,
  { form, headers, serving, isPlain }: Answering,
  make: () => Promise<JsonSchema>,
): Promise<Response> {
  const etag = headers.etag!.replace(/"$/, `${form.etagSuffix}"`)
  const { share, modifiedMs } = serving
  const content = { headers: { ...headers, 'content-type': form.type }, etag, modifiedMs }
  const known = unlessKnown(conditionsOf(c), content)
  if (known) return respondServed(known)
  const bytes = await share(`${c.env.context.info.path} ${etag}`, async () =>
    bytesOf(await inTurns(form.encode(await make()))),
  )
  return respondServed(serveContent(conditionsOf(c), { ...content, bytes }), isPlain)
}

function conditionsOf(c: Context<RouteEnv>): Conditions {
  return name => c.req.header(name)
}

function respondServed({ status, headers, bytes }: Served, isPlain = false): Response {
  return respondWhole(bytes, { status, headers: { ...headers } }, isPlain)
}

const stepsInTurn = 4

/** Takes steps while others are served in between. */
async function inTurns<T>(making: Steps<T>): Promise<T> {
  for (let steps = 1; ; steps++) {
    const step = making.next()
    if (step.done) return step.value
    if (steps % stepsInTurn === 0) await new Promise<void>(resolve => setImmediate(resolve))
  }
}
