import { get, json, jsonHeaders, type OracleCase, patch, send } from './case.ts'

const core = '/api/v1/namespaces/oracle'
const maps = `${core}/configmaps`
const deployments = '/apis/apps/v1/namespaces/oracle/deployments'
const labelled = 'labelSelector=going%3Dyes'
const all = `${maps}?${labelled}`

const make = (name: string, finalizers?: readonly string[]) =>
  send('POST', `deletion: make ${name}`, maps, {
    metadata: { name, labels: { going: 'yes' }, ...(finalizers && { finalizers }) },
  })
const remove = (title: string, path: string, options?: object): OracleCase => ({
  name: `deletion: ${title}`,
  method: 'DELETE',
  path,
  ...(options && { headers: jsonHeaders, body: json(options) }),
})
const left = (title: string, path = all) => get(`deletion: left after ${title}`, path)
const pod = (name: string, spec: object) =>
  send('POST', `deletion: make the pod ${name}`, `${core}/pods`, {
    metadata: { name, labels: { going: 'pods' } },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  })
const deployment = {
  metadata: { name: 'going' },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
}

const collections: readonly OracleCase[] = [
  ...['going-a', 'going-b', 'going-c', 'going-d', 'going-e'].map(name => make(name)),
  make('going-f', ['example.org/f']),
  make('going-o', ['orphan']),
  make('going-g', ['foregroundDeletion']),
  remove('of a collection, tried', `${all}&dryRun=All`),
  remove('of a collection with a limit', `${all}&limit=2`),
  left('a limit'),
  remove('of a collection by uid', all, { preconditions: { uid: 'x' } }),
  remove('of a collection by revision', all, { preconditions: { resourceVersion: '1' } }),
  remove('of a collection in an unknown way', `${all}&propagationPolicy=Odd`),
  remove('of a collection in two ways', all, { orphanDependents: true, propagationPolicy: 'Orphan' }),
  remove('of a collection in the foreground', all, { propagationPolicy: 'Foreground' }),
  left('a collection in the foreground'),
  remove('of what goes, orphaning', `${maps}/going-g?propagationPolicy=Orphan`),
  remove('of what goes, in the background', `${maps}/going-f?propagationPolicy=Background`),
  left('other ways'),
  patch('deletion: no finalizers', `${maps}/going-f`, 'merge', { metadata: { finalizers: [] } }),
  patch('deletion: finalizers removed', `${maps}/going-o`, 'json', [
    { op: 'remove', path: '/metadata/finalizers' },
  ]),
  patch('deletion: one finalizer more', `${maps}/going-g`, 'merge', {
    metadata: { finalizers: ['foregroundDeletion', 'example.org/late'] },
  }),
  left('finalizers'),
  remove('of a collection that cannot be read', all, {
    ignoreStoreReadErrorWithClusterBreakingPotential: true,
  }),
  remove('of one that cannot be read', `${maps}/going-a`, {
    ignoreStoreReadErrorWithClusterBreakingPotential: true,
  }),
  ...['going-a', 'going-b', 'going-c', 'going-d', 'going-e', 'going-f', 'going-g'].map(name =>
    patch(`deletion: end ${name}`, `${maps}/${name}`, 'merge', { metadata: { finalizers: null } }),
  ),
  remove('of all that is left', all),
  left('everything'),
]

const grace: readonly OracleCase[] = [
  pod('going', { nodeName: 'n', terminationGracePeriodSeconds: 9 }),
  remove('of a pod', `${core}/pods/going`),
  left('a pod', `${core}/pods/going`),
  remove('of a pod, sooner', `${core}/pods/going`, { gracePeriodSeconds: 5 }),
  remove('of a pod, later', `${core}/pods/going`, { gracePeriodSeconds: 50 }),
  left('another grace', `${core}/pods/going`),
  patch('deletion: another grace by patch', `${core}/pods/going`, 'merge', {
    metadata: { deletionGracePeriodSeconds: 99, deletionTimestamp: null, labels: { z: 'z' } },
  }),
  remove('of a pod at once', `${core}/pods/going`, { gracePeriodSeconds: 0 }),
  left('a pod at once', `${core}/pods/going`),
  pod('unbound', {}),
  remove('of a pod without a node', `${core}/pods/unbound`),
  pod('negative', { nodeName: 'n', terminationGracePeriodSeconds: -5 }),
  remove('of a pod with a negative grace', `${core}/pods/negative`),
  left('a negative grace', `${core}/pods/negative`),
  remove('of pods at once', `${core}/pods?labelSelector=going%3Dpods&gracePeriodSeconds=0`),
]

const owners: readonly OracleCase[] = [
  send('POST', 'deletion: make a deployment', deployments, deployment),
  remove('of a deployment, orphaning', `${deployments}/going?propagationPolicy=Orphan`),
  left('orphaning', `${deployments}/going`),
  remove('of a deployment, then in the foreground', `${deployments}/going?propagationPolicy=Foreground`),
  left('the foreground', `${deployments}/going`),
  remove('of a deployment, then in the background', `${deployments}/going?propagationPolicy=Background`),
  left('the background', `${deployments}/going`),
  patch('deletion: end the deployment', `${deployments}/going`, 'merge', { metadata: { finalizers: null } }),
]

/** What goes at once, later or not at all: collections, finalizers, grace and the ways of propagation in turn. */
export const deletionCases: readonly OracleCase[] = [...collections, ...grace, ...owners]
