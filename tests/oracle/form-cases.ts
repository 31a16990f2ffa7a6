import { servedResources } from '../../src/api/features/runtime-config.ts'
import { versionPath } from '../../src/machinery/meta/group.ts'
import { json, jsonHeaders, type OracleCase, patch, patchTypes, send } from './case.ts'

const forms = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']
const asForm = (form: string) => `application/json;as=${form};v=v1;g=meta.k8s.io`
const streams = new Set(['proxy', 'exec', 'attach', 'portforward', 'log'])
const requests: readonly [verb: string, method: string, body?: OracleCase['headers']][] = [
  ['get', 'GET'],
  ['create', 'POST', jsonHeaders],
  ['update', 'PUT', jsonHeaders],
  ['patch', 'PATCH', { 'content-type': patchTypes.merge }],
  ['delete', 'DELETE'],
]

/** Every door of every kind, of an object that is not there and with a body that says nothing, in each form of an answer. */
function doorsInForms(): OracleCase[] {
  return servedResources().flatMap(resource => {
    const { group, version, plural, namespaced, subresources } = resource
    const collection = `${versionPath(group, version)}${namespaced ? '/namespaces/oracle' : ''}/${plural}`
    const doors = [{ name: '', verbs: resource.verbs as readonly string[] }, ...subresources]
    return doors
      .filter(({ name }) => !streams.has(name))
      .flatMap(({ name, verbs }) =>
        requests
          .filter(([verb]) => (verbs as readonly string[]).includes(verb))
          .flatMap(([verb, method, headers]) =>
            forms.map(form => ({
              name: `form: ${verb} ${plural}/${name} of ${group}/${version} as ${form}`,
              method,
              path:
                name === '' && verb === 'create'
                  ? collection
                  : `${collection}/none/${name}`.replace(/\/$/, ''),
              headers: { ...headers, accept: asForm(form) },
              isAside: true,
              ...(headers && { body: '{}' }),
            })),
          ),
      )
  })
}

const nameless = [
  '/api/v1/namespaces//configmaps',
  '/apis/apps/v1/namespaces//deployments',
  '/api/v1/namespaces//pods',
]
const given = json({ metadata: { name: 'x' } })

/** Paths of a namespace whose name is empty. */
function namelessPaths(): OracleCase[] {
  const asked = nameless.flatMap(path => [
    ...[path, `${path}/x`, `${path}/x/status`, `${path}/x/scale`].flatMap(each => [
      { name: `nameless: GET ${each}`, method: 'GET', path: `${each}?labelSelector=none` },
      { name: `nameless: DELETE ${each}`, method: 'DELETE', path: `${each}?labelSelector=none` },
      send('POST', `nameless: POST ${each}`, each, given),
      send('PUT', `nameless: PUT ${each}`, each, given),
      patch(`nameless: PATCH ${each}`, each, 'merge', given),
    ]),
  ])
  return [
    ...asked,
    send('POST', 'nameless: node', '/api/v1/namespaces//nodes', given),
    { name: 'nameless: nodes', method: 'GET', path: '/api/v1/namespaces//nodes' },
    {
      name: 'nameless: watch',
      method: 'GET',
      path: '/api/v1/watch/namespaces//pods?timeoutSeconds=1&labelSelector=none',
    },
  ]
}

const types = ['v1', 'v2', 'apps/v1', 'none.such/v1', 'meta.k8s.io/v1'].map(apiVersion => ({
  apiVersion,
  kind: 'DeleteOptions',
}))
const wrong = [
  ...[
    { gracePeriodSeconds: '1' },
    { preconditions: [] },
    { preconditions: { uid: 1 } },
    { propagationPolicy: 1 },
  ],
  ...[{ dryRun: 'All' }, { dryRun: [1] }, { orphanDependents: 'true' }, { kind: 'Pod' }, { metadata: 'x' }],
]
const typedWrongly = types.flatMap(type =>
  wrong.map(fault =>
    send(
      'DELETE',
      `option of a wrong type: ${json({ ...type, ...fault })}`,
      '/api/v1/namespaces/oracle/configmaps/none',
      {
        ...type,
        ...fault,
      },
    ),
  ),
)

const asked = (spec: object) => ({
  metadata: { name: 'unasked' },
  spec: { signerName: 'a.b/c', usages: ['client auth'], ...spec },
})
const scaled = (path: string, body: object) =>
  send(
    'PUT',
    `scale of none: ${path} ${json(body)}`,
    `/apis/apps/v1/namespaces/oracle/deployments/none/scale${path}`,
    body,
  )

/** What no float64 holds is a text to a reader of YAML. */
const hugeNumbers = ['1e400', '-1e400', '1e308', '9'.repeat(310), '.inf', '1_0e400'].flatMap(number => [
  patch(
    `huge: applied ${number.slice(0, 9)}`,
    '/api/v1/namespaces/oracle/configmaps/huge?fieldManager=huge',
    'apply',
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: huge}\nimmutable: ${number}\n`,
  ),
  patch(
    `huge: applied ${number.slice(0, 9)} in JSON`,
    '/api/v1/namespaces/oracle/pods/huge?fieldManager=huge',
    'apply',
    `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"huge"},"spec":{"activeDeadlineSeconds":${number}}}`,
  ),
])

export const formCases: readonly OracleCase[] = [
  ...doorsInForms(),
  ...namelessPaths(),
  ...typedWrongly,
  ...hugeNumbers,
  ...[{}, { request: '' }, { request: null }, { request: 'YWJj' }].map(spec =>
    send(
      'POST',
      `certificate request: ${json(spec)}`,
      '/apis/certificates.k8s.io/v1/certificatesigningrequests',
      asked(spec),
    ),
  ),
  scaled('', { metadata: { name: 'other' } }),
  scaled('', { metadata: { name: 'none', namespace: 'other' } }),
  scaled('?dryRun=x', {}),
  scaled('?dryRun=x', { kind: 'Pod' }),
  send('POST', 'binding of no pod', '/api/v1/namespaces/oracle/bindings', { target: { name: 'n' } }),
  send('POST', 'eviction of no pod', '/api/v1/namespaces/oracle/pods/none/eviction', {}),
]
