import { facts } from '../../src/api/schema/index.ts'
import { encodeCbor, encodeProtobuf } from '../../src/machinery/codec/index.ts'
import { cbor, get, json, jsonHeaders, type OracleCase, protobuf, send } from './case.ts'

const core = '/api/v1/namespaces/removed'
const maps = `${core}/configmaps`
const one = `${maps}/one`
const dry = { dryRun: ['All'] }
const options = (value: object) => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...dry, ...value })
const schema = facts.typeNamed('k8s.io/apimachinery/pkg/apis/meta/v1.DeleteOptions')!
const yaml = 'application/yaml'

const remove = (
  title: string,
  path: string,
  body?: string | Uint8Array,
  type = 'application/json',
): OracleCase => ({
  name: `remove: ${title}`,
  method: 'DELETE',
  path,
  ...(body !== undefined && { headers: { 'content-type': type }, body }),
})

/** Options that are right, wrong or of another kind. */
const bodies: Readonly<Record<string, object>> = {
  nothing: {},
  'its uid': { preconditions: { uid: '{{uid}}' } },
  'another uid': { preconditions: { uid: 'x' } },
  'no uid': { preconditions: { uid: '' } },
  'its revision': { preconditions: { resourceVersion: '{{rv}}' } },
  'another revision': { preconditions: { resourceVersion: '1' } },
  'no revision': { preconditions: { resourceVersion: '' } },
  'a revision of letters': { preconditions: { resourceVersion: 'x' } },
  'its uid and another revision': { preconditions: { uid: '{{uid}}', resourceVersion: '1' } },
  'another uid and its revision': { preconditions: { uid: 'x', resourceVersion: '{{rv}}' } },
  'an unknown precondition': { preconditions: { generation: 1 } },
  'a precondition of a wrong type': { preconditions: 'x' },
  'a uid of a wrong type': { preconditions: { uid: 1 } },
  'both ways': { orphanDependents: false, propagationPolicy: 'Background' },
  'no orphans': { orphanDependents: false },
  orphans: { orphanDependents: true },
  'orphans of a wrong type': { orphanDependents: 'yes' },
  'an empty policy': { propagationPolicy: '' },
  'a policy in other letters': { propagationPolicy: 'background' },
  'a policy of a wrong type': { propagationPolicy: 1 },
  'in the background': { propagationPolicy: 'Background' },
  'in the foreground': { propagationPolicy: 'Foreground' },
  'as orphans': { propagationPolicy: 'Orphan' },
  'no grace': { gracePeriodSeconds: 0 },
  'a second of grace': { gracePeriodSeconds: 1 },
  'a grace below nothing': { gracePeriodSeconds: -1 },
  'a grace far below nothing': { gracePeriodSeconds: -9_007_199_254_740_991 },
  'a grace that is a fraction': { gracePeriodSeconds: 1.5 },
  'a grace of null': { gracePeriodSeconds: null },
  'a grace that is a text': { gracePeriodSeconds: '1' },
  'an empty stage': { dryRun: [] },
  'two stages': { dryRun: ['All', 'All'] },
  'a stage in other letters': { dryRun: ['all'] },
  'a stage that is a text': { dryRun: 'All' },
  'stages of null': { dryRun: null },
  'an empty text as stage': { dryRun: [''] },
  'another kind': { kind: 'Nonsense' },
  'another version': { apiVersion: 'v9' },
  'another group': { apiVersion: 'apps/v1' },
  'no kind': { kind: '' },
  'no version': { apiVersion: '' },
  'an unreadable store': { ignoreStoreReadErrorWithClusterBreakingPotential: true },
  'a readable store': { ignoreStoreReadErrorWithClusterBreakingPotential: false },
  'an unknown option': { bogus: 1 },
}
const texts = [
  '',
  ' ',
  'null',
  '""',
  '0',
  'true',
  '[]',
  '{',
  '{}',
  '{}{}',
  '{"kind":',
  'kind: DeleteOptions',
  '\u0000',
  'DeleteOptions',
]
const queries = [
  ...[
    'dryRun=',
    'dryRun=all',
    'dryRun=All&dryRun=All',
    'dryRun=All&dryRun=Some',
    'gracePeriodSeconds=-1',
    'gracePeriodSeconds=0',
    'gracePeriodSeconds=',
  ],
  ...[
    'gracePeriodSeconds=1.5',
    'gracePeriodSeconds=9223372036854775808',
    'propagationPolicy=',
    'propagationPolicy=Odd',
    'propagationPolicy=orphan',
  ],
  ...[
    'orphanDependents=',
    'orphanDependents=true',
    'orphanDependents=false',
    'orphanDependents=x',
    'orphanDependents=0&propagationPolicy=Orphan',
  ],
  ...[
    'preconditions=x',
    'preconditions.uid=x',
    'uid=x',
    'resourceVersion=1',
    'ignoreStoreReadErrorWithClusterBreakingPotential=true',
  ],
  ...[
    'ignoreStoreReadErrorWithClusterBreakingPotential=x',
    'kind=Nonsense',
    'fieldManager=x',
    'fieldValidation=Odd',
    'pretty=true',
  ],
  ...[
    'propagationPolicy=Orphan&orphanDependents=true',
    'propagationPolicy=Foreground&gracePeriodSeconds=0',
    'timeoutSeconds=x',
    'limit=x',
    'continue=x',
  ],
]
const targets = {
  one,
  absent: `${maps}/absent`,
  all: maps,
  pod: `${core}/pods/p`,
  pods: `${core}/pods`,
  definition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/absent.example.org',
  definitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  service: '/apis/apiregistration.k8s.io/v1/apiservices/absent',
  services: '/apis/apiregistration.k8s.io/v1/apiservices',
  review: '/apis/authentication.k8s.io/v1/tokenreviews',
  component: '/api/v1/componentstatuses/absent',
  status: `${one}/status`,
}
/** Nothing goes for good: what is not refused is tried. */
const tried = (path: string, query = '') => `${path}?dryRun=All&labelSelector=none${query && `&${query}`}`
/** Said in the words of a library, or of a type that is not the body's. */
const mistyped = /wrong type|fraction|text|null|no kind|no version/
const brokenAsYaml = new Set(['{', '{"kind":', '{}{}', '\u0000'])

const encodable = (value: object) =>
  Object.values(value).every(each => ['string', 'boolean'].includes(typeof each) || Array.isArray(each))

/** Deletions under every option that there is, in each form and place that it may stand. */
export const removalCases: readonly OracleCase[] = [
  send('POST', 'remove: make', '/api/v1/namespaces', { metadata: { name: 'removed' } }),
  send('POST', 'remove: account', `${core}/serviceaccounts`, { metadata: { name: 'default' } }),
  {
    ...send('POST', 'remove: make one', maps, { metadata: { name: 'one' } }),
    keep: { uid: 'metadata.uid', rv: 'metadata.resourceVersion' },
  },
  send('POST', 'remove: make pod', `${core}/pods`, {
    metadata: { name: 'p' },
    spec: { nodeName: 'n', terminationGracePeriodSeconds: 7, containers: [{ name: 'c', image: 'i' }] },
  }),
  ...Object.entries(targets).flatMap(([target, path]) => [
    ...Object.entries(bodies)
      .filter(([title]) => target !== 'pod' || title !== 'its revision')
      .flatMap(([title, value]) => [
        remove(`${target} by ${title}`, tried(path), json({ ...dry, ...value })),
        ...((target === 'one' || target === 'all') && !mistyped.test(title)
          ? [
              remove(`${target} by ${title}, typed`, tried(path), json(options(value))),
              remove(`${target} by ${title}, as YAML`, tried(path), json({ ...dry, ...value }), yaml),
              remove(`${target} by ${title}, as CBOR`, tried(path), encodeCbor(options(value)), cbor),
            ]
          : []),
        ...((target === 'one' || target === 'all') && encodable(value) && !mistyped.test(title)
          ? [
              remove(
                `${target} by ${title}, as protobuf`,
                tried(path),
                encodeProtobuf(schema, options(value) as never),
                protobuf,
              ),
            ]
          : []),
      ]),
    ...texts.flatMap(text =>
      ['application/json', yaml, protobuf, cbor, 'text/plain', '']
        .filter(type => type !== yaml || !brokenAsYaml.has(text))
        .map(type => remove(`${target} by ${json(text)} as ${type}`, tried(path), text, type)),
    ),
    ...queries.flatMap(query => [
      remove(`${target} with ${query}`, tried(path, query)),
      remove(
        `${target} with ${query} and a body`,
        tried(path, query),
        json({ propagationPolicy: 'Background', dryRun: ['All'] }),
      ),
    ]),
  ]),
  get('remove: one is left', one),
  get('remove: the pod is left', `${core}/pods/p`),
  remove('one by its uid', one, json({ preconditions: { uid: '{{uid}}' } })),
  remove('one again', one, json({ preconditions: { uid: '{{uid}}' } })),
  { ...remove('the pod', `${core}/pods/p?gracePeriodSeconds=0`), headers: jsonHeaders },
]
