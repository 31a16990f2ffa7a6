import { builtinKind } from '../../src/api/schema/index.ts'
import { encodeProtobuf } from '../../src/machinery/codec/index.ts'
import { fromApiVersion } from '../../src/machinery/meta/group.ts'
import { json, jsonHeaders, type OracleCase, protobuf, type Track } from './case.ts'
import { rareChanges } from './change-cases.ts'
import { encodingCases } from './encoding-cases.ts'
import { changeCases, fieldCases, typedChangeCases } from './field-cases.ts'
import { rareCreates, rareDeletes, rareReads } from './option-cases.ts'
import { type Sample, samples } from './samples.ts'
import { statusCases } from './status-cases.ts'

/**
 * The same questions about every kind, derived from one valid sample each. Two versions that lie at one place in the
 * store share a track: they would see each other's objects.
 */
export function kindTracks(of: readonly Sample[] = samples, ask = casesOf): Track[] {
  const tracks = new Map<string, OracleCase[]>()
  for (const sample of of) {
    const name = sample.object.kind
    const cases = tracks.get(name) ?? []
    tracks.set(name, cases)
    cases.push(...ask(sample))
  }
  return [...tracks].map(([name, cases]) => ({ name, cases }))
}

function casesOf(sample: Sample): OracleCase[] {
  return [
    ...fieldCases(sample),
    ...writes(sample),
    ...reads(sample),
    ...forms(sample),
    ...encodingCases(sample),
    ...rareReads(sample),
    ...rareCreates(sample),
    ...replacements(sample),
    ...patches(sample),
    ...rareChanges(sample),
    ...changeCases(sample),
    ...typedChangeCases(sample),
    ...statusCases(sample),
    ...rareDeletes(sample),
    ...removals(sample),
  ]
}

/** What can be asked of a kind that has no type: a custom one. */
export function freeCasesOf(sample: Sample): OracleCase[] {
  return [
    ...writes(sample),
    ...reads(sample),
    ...rareReads(sample),
    ...replacements(sample),
    ...patches(sample),
    ...rareChanges(sample),
    ...rareDeletes(sample),
    ...removals(sample),
  ]
}

function writes(sample: Sample): OracleCase[] {
  const { collection, object } = sample
  const name = object.metadata.name
  const post = (title: string, body: unknown, query = '') => ({
    name: `${sample.kind}: ${title}`,
    method: 'POST',
    path: collection + query,
    headers: jsonHeaders,
    body: typeof body === 'string' ? body : json(body),
  })
  return [
    post('dry run', object, '?dryRun=All'),
    post('create', object),
    post('create again', object),
    post('bad name', { ...object, metadata: { ...object.metadata, name: 'Bad_Name!' } }),
    post('no name', { ...object, metadata: { labels: {} } }),
    post('unknown field, strict', { ...object, bogus: 1 }, '?fieldValidation=Strict'),
    post(
      'unknown field, warned',
      { ...object, metadata: { ...object.metadata, name: `${name}-w` }, bogus: 1 },
      '?fieldValidation=Warn&dryRun=All',
    ),
    post('long label', {
      ...object,
      metadata: { name: `${name}-l`, labels: { [`${'p'.repeat(254)}/${'k'.repeat(64)}`]: 'v'.repeat(64) } },
    }),
    post('bad label', { ...object, metadata: { name: `${name}-l`, labels: { 'a b': 'c d' } } }),
    post('broken JSON', '{"kind": '),
    post('another kind', { ...object, kind: 'Nonsense' }),
    post('wrong namespace', { ...object, metadata: { ...object.metadata, namespace: 'elsewhere' } }),
    post('bad dryRun', object, '?dryRun=Some'),
  ]
}

function reads({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const get = (title: string, target: string, accept?: string) => ({
    name: `${kind}: ${title}`,
    method: 'GET',
    path: target,
    ...(accept ? { headers: { accept } } : {}),
  })
  return [
    get('get', path),
    get('get absent', `${collection}/absent`),
    get('list by label', `${collection}?labelSelector=oracle%3Dyes`),
    get('list by name', `${collection}?fieldSelector=metadata.name%3D${object.metadata.name}`),
    get('bad field selector', `${collection}?fieldSelector=spec.bogus%3D1`),
    get('bad label selector', `${collection}?labelSelector=a%3D%3D%3Db`),
    get('Table', path, 'application/json;as=Table;v=v1;g=meta.k8s.io'),
    get('metadata only', path, 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'),
    get('unknown media type', path, 'application/xml'),
  ]
}

/** The same object in every other form that it can be asked for or sent in. */
function forms({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const schema = builtinKind(...versionOf(object.apiVersion), object.kind)
  const named = { ...object, metadata: { ...object.metadata, name: object.metadata.name } }
  const get = (title: string, target: string, accept: string) => ({
    name: `${kind}: ${title}`,
    method: 'GET',
    path: target,
    headers: { accept },
  })
  const chosen = '?labelSelector=oracle%3Dyes'
  const follow = `${collection}?watch=true&timeoutSeconds=5&labelSelector=oracle%3Dyes`
  return [
    get('as protobuf', path, protobuf),
    get('as pretty JSON', `${path}?pretty=true`, 'application/json'),
    get('Table of a list', collection + chosen, 'application/json;as=Table;v=v1;g=meta.k8s.io'),
    get(
      'metadata of a list',
      collection + chosen,
      'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    ),
    get('absent as protobuf', `${collection}/absent`, protobuf),
    {
      name: `${kind}: dry run from protobuf to protobuf`,
      method: 'POST',
      path: `${collection}?dryRun=All`,
      headers: { 'content-type': protobuf, accept: protobuf },
      body: encodeProtobuf(schema, { ...named, metadata: { ...object.metadata, generateName: 'gen-' } }),
    },
    { name: `${kind}: watch`, method: 'GET', path: follow, events: 1 },
    {
      name: `${kind}: watch list`,
      method: 'GET',
      events: 2,
      path: `${follow}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
    },
    {
      name: `${kind}: exact list`,
      method: 'GET',
      path: `${collection}?labelSelector=oracle%3Dyes&limit=1&resourceVersion=0`,
    },
  ]
}

function versionOf(apiVersion: string): [group: string, version: string] {
  const { group, version } = fromApiVersion(apiVersion)!
  return [group, version]
}

function replacements({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const put = (title: string, target: string, value: unknown) => ({
    name: `${kind}: ${title}`,
    method: 'PUT',
    path: target,
    headers: jsonHeaders,
    body: json(value),
  })
  const versioned = { ...object, metadata: { ...object.metadata, resourceVersion: '{{rv}}' } }
  const marked = { ...object.metadata, finalizers: ['nonsense'] }
  return [
    {
      name: `${kind}: get for its revision`,
      method: 'GET',
      path,
      keep: { rv: 'metadata.resourceVersion', uid: 'metadata.uid' },
    },
    put('PUT as it was', path, versioned),
    put('PUT without a revision', `${path}?dryRun=All`, object),
    put('PUT of a stale revision', path, {
      ...object,
      metadata: { ...object.metadata, resourceVersion: '1' },
    }),
    put('PUT of another uid', path, { ...object, metadata: { ...versioned.metadata, uid: 'other' } }),
    put('PUT of an absent object', `${collection}/absent?dryRun=All`, {
      ...object,
      metadata: { name: 'absent' },
    }),
    put('PUT under another name', path, { ...object, metadata: { name: 'other' } }),
    put('PUT without a name', path, { ...object, metadata: {} }),
    put('PUT with a bad finalizer', `${path}?dryRun=All`, {
      ...object,
      metadata: { ...marked, resourceVersion: '{{rv}}' },
    }),
    put('PUT with a changed creation time', `${path}?dryRun=All`, {
      ...object,
      metadata: { ...versioned.metadata, creationTimestamp: '2020-01-01T00:00:00Z', generation: 7 },
    }),
    put('PUT of the status', `${path}/status?dryRun=All`, versioned),
    { name: `${kind}: get of the status`, method: 'GET', path: `${path}/status` },
    { name: `${kind}: get of the scale`, method: 'GET', path: `${path}/scale` },
    {
      name: `${kind}: merge patch of the status`,
      method: 'PATCH',
      path: `${path}/status?dryRun=All`,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: json({ metadata: { annotations: { status: 'yes' } } }),
    },
    {
      name: `${kind}: merge patch of the scale`,
      method: 'PATCH',
      path: `${path}/scale?dryRun=All`,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: json({ spec: { replicas: 3 } }),
    },
    {
      name: `${kind}: negative scale`,
      method: 'PATCH',
      path: `${path}/scale?dryRun=All`,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: json({ spec: { replicas: -1 } }),
    },
    { name: `${kind}: no such subresource`, method: 'GET', path: `${path}/nonsense` },
    { name: `${kind}: POST to a name`, method: 'POST', path, headers: jsonHeaders, body: json(object) },
    {
      name: `${kind}: duplicate field, strict`,
      method: 'POST',
      path: `${collection}?fieldValidation=Strict&dryRun=All`,
      headers: jsonHeaders,
      body: json(object).replace('{', `{"kind":"${object.kind}",`),
    },
    {
      name: `${kind}: unknown field, ignored`,
      method: 'POST',
      path: `${collection}?fieldValidation=Ignore&dryRun=All`,
      headers: jsonHeaders,
      body: json({
        ...object,
        bogus: 1,
        metadata: { ...object.metadata, name: `${object.metadata.name}-i`, bogus: 2 },
      }),
    },
  ]
}

function patches({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const patch = (title: string, type: string, body: unknown, query = '') => ({
    name: `${kind}: ${title}`,
    method: 'PATCH',
    path: path + query,
    headers: { 'content-type': type },
    body: json(body),
  })
  const annotate = (value: string | null) => ({ metadata: { annotations: { oracle: value } } })
  const applied = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name: object.metadata.name, labels: { applied: 'yes' } },
  }
  return [
    patch('merge patch', 'application/merge-patch+json', annotate('merged')),
    patch('strategic patch', 'application/strategic-merge-patch+json', annotate('strategic')),
    patch('JSON patch', 'application/json-patch+json', [
      { op: 'replace', path: '/metadata/annotations/oracle', value: 'json' },
    ]),
    patch('JSON patch, failed test', 'application/json-patch+json', [
      { op: 'test', path: '/metadata/name', value: 'other' },
    ]),
    patch('patch of an absent object', 'application/merge-patch+json', annotate('x')),
    patch('unknown patch type', 'application/nonsense+json', {}),
    patch('stale resourceVersion', 'application/merge-patch+json', { metadata: { resourceVersion: '1' } }),
    patch('changed name', 'application/merge-patch+json', { metadata: { name: 'renamed' } }),
    patch('apply', 'application/apply-patch+yaml', applied, '?fieldManager=oracle'),
    patch('apply without manager', 'application/apply-patch+yaml', applied),
    patch(
      'conflicting apply',
      'application/apply-patch+yaml',
      { ...applied, metadata: { ...applied.metadata, labels: { oracle: 'no' } } },
      '?fieldManager=rival',
    ),
    patch(
      'forced apply',
      'application/apply-patch+yaml',
      { ...applied, metadata: { ...applied.metadata, labels: { oracle: 'yes' } } },
      '?fieldManager=rival&force=true',
    ),
  ].map((one, index) => (index === 4 ? { ...one, path: `${collection}/absent` } : one))
}

function removals({ kind, collection, object }: Sample): OracleCase[] {
  const path = `${collection}/${object.metadata.name}`
  const remove = (title: string, target: string, body?: unknown) => ({
    name: `${kind}: ${title}`,
    method: 'DELETE',
    path: target,
    ...(body === undefined ? {} : { headers: jsonHeaders, body: json(body) }),
  })
  return [
    remove('delete with a wrong uid', path, { preconditions: { uid: 'wrong' } }),
    remove('dry-run delete', `${path}?dryRun=All`),
    remove('delete', path, { gracePeriodSeconds: 0, propagationPolicy: 'Background' }),
    remove('delete again', path),
    remove('delete collection', `${collection}?labelSelector=oracle%3Dyes`),
  ]
}
