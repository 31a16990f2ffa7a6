import { json, jsonHeaders, type OracleCase } from './case.ts'
import { type Sample, samples } from './samples.ts'

/** The same questions about every kind, derived from one valid sample each. */
export function kindCases(): OracleCase[] {
  return samples.flatMap(sample => [
    ...writes(sample),
    ...reads(sample),
    ...patches(sample),
    ...removals(sample),
  ])
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
