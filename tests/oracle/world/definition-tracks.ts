import { get, type OracleCase, patch, send, type Track } from '../case.ts'
import { opening } from '../general-cases.ts'
import type { DefinedVersion, Definition, Manifest, Manifests } from './manifests.ts'
import { samplesOf, singlesOf } from './schema-samples.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** One track for each group of definitions: they share their documents. */
export function definitionTracks({ definitions: all, objects }: Manifests): Track[] {
  const groups = Map.groupBy(all, ({ spec }) => spec.group)
  const tracks = [...groups].map(([group, defined]) => ({
    name: group,
    cases: groupCases(group, defined, objects),
  }))
  return [{ name: 'opening', cases: opening }, ...tracks]
}

function groupCases(
  group: string,
  defined: readonly Definition[],
  objects: readonly Manifest[],
): OracleCase[] {
  const versions = new Set(defined.flatMap(({ spec }) => servedOf(spec).map(({ name }) => name)))
  return [
    ...defined.flatMap(definingCases),
    get(`${group}: discovery`, `/apis/${group}`),
    ...[...versions].flatMap(version => [
      get(`${group}/${version}: discovery`, `/apis/${group}/${version}`),
      documentOf(group, version),
    ]),
    ...defined.flatMap(one => objectCases(one, objects)),
    ...defined.map(({ metadata: { name } }) => remove(name)),
  ]
}

/** Hutch packs what a client takes packed, stock not all of it. */
function documentOf(group: string, version: string): OracleCase {
  const asked = get(`${group}/${version}: document`, `/openapi/v3/apis/${group}/${version}`)
  return { ...asked, headers: { 'accept-encoding': 'identity' }, isDocument: true, until: 200 }
}

function servedOf({ versions }: Definition['spec']): readonly DefinedVersion[] {
  return versions.filter(({ served }) => served)
}

function definingCases(one: Definition): OracleCase[] {
  const { name } = one.metadata
  const path = `${definitions}/${name}`
  const { status: _, ...defined } = one as Definition & { status?: unknown }
  const version = servedOf(one.spec)[0]
  const wait = version ? [{ ...get(`${name}: served`, collectionOf(one, version.name)), until: 200 }] : []
  return [
    patch(`${name}: apply`, `${path}?fieldManager=oracle&fieldValidation=Strict`, 'apply', defined),
    ...wait,
    get(`${name}: established`, path),
    patch(`${name}: apply again`, `${path}?fieldManager=oracle`, 'apply', defined),
  ]
}

/** Its own objects go on the version that its documents are stored in; custom resources are gone with it. */
function remove(name: string): OracleCase {
  return { name: `${name}: remove`, method: 'DELETE', path: `${definitions}/${name}` }
}

function collectionOf({ spec }: Definition, version: string): string {
  const within = spec.scope === 'Namespaced' ? '/namespaces/oracle' : ''
  return `/apis/${spec.group}/${version}${within}/${spec.names.plural}`
}

/** A webhook that converts or checks is not there: what is of one version alone needs none. */
function objectCases(one: Definition, objects: readonly Manifest[]): OracleCase[] {
  return servedOf(one.spec).flatMap(version => [
    ...madeCases(one, version),
    ...foundCases(one, version, objects),
  ])
}

function madeCases(one: Definition, version: DefinedVersion): OracleCase[] {
  const schema = version.schema?.openAPIV3Schema
  if (!schema) return []
  const { kind } = one.spec.names
  const path = collectionOf(one, version.name)
  const title = `${one.metadata.name}/${version.name}`
  const body = (value: object) => ({
    ...{ apiVersion: `${one.spec.group}/${version.name}`, kind, metadata: { name: 'made' } },
    ...value,
  })
  const dry = `${path}?dryRun=All&fieldValidation=Strict`
  return [
    ...samplesOf(schema).map(([name, value]) => send('POST', `${title}: ${name}`, dry, body(value))),
    ...singlesOf(schema).map(([name, value]) => send('POST', `${title}: with ${name}`, dry, body(value))),
    ...samplesOf(schema)
      .slice(0, 2)
      .flatMap(([name, value]) => keptCases(`${title}: keep ${name}`, path, body(value))),
  ]
}

/** An object's life: stored, read in both forms, applied to, and removed. */
function keptCases(title: string, path: string, body: object): OracleCase[] {
  const at = `${path}/made`
  return [
    send('POST', `${title}: create`, `${path}?fieldManager=maker`, body),
    get(`${title}: get`, at),
    get(`${title}: columns`, at, 'application/json;as=Table;v=v1;g=meta.k8s.io'),
    patch(`${title}: apply`, `${at}?fieldManager=applier&force=true`, 'apply', body),
    patch(`${title}: label`, at, 'merge', { metadata: { labels: { a: 'b' } } }),
    patch(`${title}: take the spec`, at, 'merge', { spec: null }),
    { name: `${title}: delete`, method: 'DELETE', path: at },
  ]
}

function foundCases(
  one: Definition,
  { name: version }: DefinedVersion,
  objects: readonly Manifest[],
): OracleCase[] {
  const { group, names } = one.spec
  const own = objects.filter(
    ({ apiVersion, kind }) => apiVersion === `${group}/${version}` && kind === names.kind,
  )
  return own.slice(0, samplesAtMost).flatMap((object, index) => {
    const { namespace: _, ...metadata } = object.metadata ?? {}
    const body = { ...object, metadata: { name: 'found', ...metadata } }
    const title = `${one.metadata.name}/${version}: sample ${index} ${metadata.name ?? ''}`
    return [
      send('POST', title, `${collectionOf(one, version)}?dryRun=All&fieldValidation=Strict`, body),
      patch(
        `${title} applied`,
        `${collectionOf(one, version)}/${body.metadata.name}?dryRun=All&fieldManager=oracle`,
        'apply',
        body,
      ),
    ]
  })
}

const samplesAtMost = 40
