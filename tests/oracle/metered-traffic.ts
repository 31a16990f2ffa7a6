/** Requests of every kind that move a server's metrics, the same for every server. */
import type { OracleCase } from './case.ts'

type Asked = Omit<OracleCase, 'name'>

const json = { 'content-type': 'application/json' }
const applied = { 'content-type': 'application/apply-patch+yaml' }
const merged = { 'content-type': 'application/merge-patch+json' }
const protobuf = { accept: 'application/vnd.kubernetes.protobuf' }
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
const space = 'metered'
const maps = `/api/v1/namespaces/${space}/configmaps`
const secrets = `/api/v1/namespaces/${space}/secrets`
const widgets = `/apis/metered.example.org/v1/namespaces/${space}/widgets`

const configMap = (name: string, data: object = { a: 'b' }) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, labels: { app: 'metered' } },
  data,
})
const pod = (name: string, nodeName: string) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name },
  spec: { nodeName, automountServiceAccountToken: false, containers: [{ name: 'c', image: 'none' }] },
})
const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { size: { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: '!has(self.size) || self.size < 100' }],
    },
  },
}
const definition = {
  kind: 'CustomResourceDefinition',
  apiVersion: 'apiextensions.k8s.io/v1',
  metadata: { name: 'widgets.metered.example.org' },
  spec: {
    group: 'metered.example.org',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  },
}
const widget = (name: string, size: number) => ({
  kind: 'Widget',
  apiVersion: 'metered.example.org/v1',
  metadata: { name },
  spec: { size },
})

const get = (path: string, headers: Record<string, string> = {}): Asked => ({ method: 'GET', path, headers })
const send = (
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = json,
): Asked => ({
  ...{ method, path, headers, body: JSON.stringify(body) },
})
const remove = (path: string): Asked => ({ method: 'DELETE', path })

/** A webhook that answers by the last word of the path of its address. */
export interface Hook {
  readonly caBundle: string
  readonly url: (behaviour: string) => string
}

const registration = '/apis/admissionregistration.k8s.io/v1'
const judgedHere = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': space } } }
const ofConfigMaps = [
  { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
]

/** Webhooks that allow, refuse and cannot be reached, and a policy that warns, notes and refuses. */
function guards({ caBundle, url }: Hook): Asked[] {
  const webhook = (behaviour: string, failurePolicy = 'Fail') => ({
    ...{ name: `${behaviour}.metered.example.org`, failurePolicy, sideEffects: 'None', timeoutSeconds: 5 },
    ...{ clientConfig: { url: url(behaviour), caBundle }, admissionReviewVersions: ['v1'] },
    ...{ rules: ofConfigMaps, ...judgedHere },
    ...{ objectSelector: { matchExpressions: [{ key: behaviour, operator: 'Exists' }] } },
  })
  const named = { metadata: { name: 'metered.example.org' } }
  return [
    send('POST', `${registration}/mutatingwebhookconfigurations`, {
      ...{ kind: 'MutatingWebhookConfiguration', apiVersion: 'admissionregistration.k8s.io/v1', ...named },
      webhooks: [webhook('allow'), webhook('patch-data')],
    }),
    send('POST', `${registration}/validatingwebhookconfigurations`, {
      ...{ kind: 'ValidatingWebhookConfiguration', apiVersion: 'admissionregistration.k8s.io/v1', ...named },
      webhooks: [webhook('deny'), webhook('status-500', 'Ignore'), webhook('status-404')],
    }),
    send('POST', `${registration}/validatingadmissionpolicies`, {
      ...{ kind: 'ValidatingAdmissionPolicy', apiVersion: 'admissionregistration.k8s.io/v1', ...named },
      spec: {
        matchConstraints: { resourceRules: ofConfigMaps },
        validations: [{ expression: "!has(object.data) || !('wrong' in object.data)" }],
      },
    }),
    send('POST', `${registration}/validatingadmissionpolicybindings`, {
      ...{
        kind: 'ValidatingAdmissionPolicyBinding',
        apiVersion: 'admissionregistration.k8s.io/v1',
        ...named,
      },
      spec: {
        policyName: named.metadata.name,
        validationActions: ['Deny', 'Audit'],
        matchResources: judgedHere,
      },
    }),
  ]
}

/** Refused once the guards stand. */
export const guarded: Asked = send('POST', `${maps}?dryRun=All`, configMap('guarded', { wrong: 'yes' }))

/** What has to be there, and asked for until it is served. */
export const groundwork = (hook: Hook): readonly Asked[] => [
  ...guards(hook),
  send('POST', '/api/v1/namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name: space } }),
  send('POST', `/api/v1/namespaces/${space}/serviceaccounts`, {
    ...{ kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'default' } },
  }),
  send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition),
]
export const servedLast = widgets

export const traffic: readonly Asked[] = [
  ...['one', 'two', 'three'].map(name => send('POST', maps, configMap(name))),
  send('POST', maps, configMap('one')),
  send('POST', `${maps}?dryRun=All`, configMap('never')),
  send('POST', `${maps}?fieldValidation=Strict`, { ...configMap('odd'), unknown: 1 }),
  send('POST', maps, { ...configMap('bad'), metadata: { name: 'Not A Name' } }),
  ...['allow', 'patch-data', 'deny', 'status-500', 'status-404'].map(behaviour =>
    send('POST', maps, {
      ...configMap(behaviour),
      metadata: { name: behaviour, labels: { [behaviour]: 'yes' } },
    }),
  ),
  send('POST', maps, configMap('wrong', { wrong: 'yes' })),
  send('PUT', `${maps}/two`, configMap('two', { wrong: 'yes' })),
  get(`${maps}/one`),
  get(`${maps}/one`, protobuf),
  get(`${maps}/none`),
  get(`${maps}?resourceVersion=0`),
  get(maps),
  get(maps, table),
  get('/api/v1/configmaps?limit=2'),
  get(`${maps}?labelSelector=app%3Dmetered`),
  get(`${maps}?fieldSelector=metadata.name%3Done`),
  send('PUT', `${maps}/one`, configMap('one', { a: 'c' })),
  send('PUT', `${maps}/one`, configMap('one', { a: 'c' })),
  send('PUT', `${maps}/none`, configMap('none')),
  send('PATCH', `${maps}/two`, { data: { a: 'd' } }, merged),
  send('PATCH', `${maps}/applied?fieldManager=metered`, configMap('applied'), applied),
  send('PATCH', `${maps}/applied?fieldManager=metered&force=true`, configMap('applied', { a: 'e' }), applied),
  { ...get(`${maps}?watch=true&resourceVersion=0`), events: 4 },
  {
    ...get(
      `${maps}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    ),
    events: 5,
  },
  send('POST', secrets, {
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: { name: 's' },
    stringData: { a: 'b' },
  }),
  get(`${secrets}/s`),
  send('POST', `/api/v1/namespaces/${space}/pods`, pod('p', 'n')),
  send('POST', `/api/v1/namespaces/${space}/pods`, pod('q', 'm')),
  get('/api/v1/pods?fieldSelector=spec.nodeName%3Dn'),
  get(`/api/v1/namespaces/${space}/pods/p/status`),
  send('PATCH', `/api/v1/namespaces/${space}/pods/p/status`, { status: { phase: 'Running' } }, merged),
  send('POST', widgets, widget('w', 1)),
  send('POST', widgets, widget('x', 200)),
  send('PUT', `${widgets}/w`, { ...widget('w', 2), metadata: { name: 'w' } }),
  send('PATCH', `${widgets}/w`, { spec: { size: 3 } }, merged),
  get(`${widgets}/w`),
  get(widgets),
  send('POST', `/api/v1/namespaces/${space}/serviceaccounts/default/token`, {
    ...{ kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec: {} },
  }),
  send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    ...{ kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1' },
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  }),
  get('/api/v1/componentstatuses'),
  get('/api/v1/endpoints?labelSelector=nobody%3Dit'),
  get('/version'),
  get('/readyz'),
  get('/livez/ping'),
  get('/apis'),
  get('/nowhere'),
  get('/apis/nobody.example.org/v1/things'),
  { method: 'GET', path: maps, headers: { 'x-oracle-anonymous': 'yes' } },
  { method: 'GET', path: maps, headers: { 'x-oracle-anonymous': 'yes', authorization: 'Bearer wrong' } },
  remove(`${maps}/one`),
  remove(`${maps}/none`),
  remove(maps),
  remove(`${widgets}/w`),
  remove(`/api/v1/namespaces/${space}/pods/p?gracePeriodSeconds=0`),
]
