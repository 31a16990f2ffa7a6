import { builtinKind } from '../../src/api/schema/index.ts'
import { fromApiVersion } from '../../src/machinery/meta/group.ts'
import { get, type OracleCase, patch, send } from './case.ts'
import type { Sample } from './samples.ts'

const condition = {
  ...{ type: 'A', status: 'True', reason: 'R', message: 'm' },
  lastTransitionTime: '2020-01-01T00:00:00Z',
}
const owner = { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' }

type Language = Parameters<typeof patch>[2]

/** What is sent through the door of a status, some of which it does not let in. */
const sent: readonly (readonly [title: string, language: Language, body: unknown])[] = [
  ['a status of null', 'merge', { status: null }],
  ['a status of nothing', 'merge', { status: {} }],
  ['a status that is a text', 'merge', { status: 'x' }],
  ['a status that is a list', 'strategic', { status: [] }],
  ['an unknown field', 'merge', { status: { zz: 1 } }],
  ['labels', 'merge', { metadata: { labels: { via: 'status' } } }],
  [
    'annotations and finalizers',
    'strategic',
    { metadata: { annotations: { via: 's' }, finalizers: ['x.io/y'] } },
  ],
  ['finalizers away', 'merge', { metadata: { finalizers: null } }],
  ['owners', 'merge', { metadata: { ownerReferences: [owner] } }],
  ['a spec of null', 'merge', { spec: null }],
  ['the status away', 'json', [{ op: 'remove', path: '/status' }]],
  ['an unknown status', 'json', [{ op: 'add', path: '/status', value: { zz: 2 } }]],
  ['another spec', 'json', [{ op: 'replace', path: '/spec', value: {} }]],
  ['a condition', 'merge', { status: { conditions: [condition] } }],
  ['a generation below zero', 'merge', { status: { observedGeneration: -1 } }],
]

const applied: readonly (readonly [title: string, more: object])[] = [
  ['nothing', {}],
  ['a status', { status: {} }],
  ['a spec', { spec: {} }],
  ['an unknown field', { status: { zz: 1 } }],
]

/** Servers write these themselves, each at its own time. */
const writtenByServers: ReadonlySet<string> = new Set([
  ...['APIService', 'CustomResourceDefinition', 'FlowSchema', 'PriorityLevelConfiguration'],
])

/** Upstream resets what goes through this kind's status in a version that is not served any more: all of it is owned. */
const ownsAll = 'PodCertificateRequest'

/** Every change of a kind's status in each language, what else it carries, and who owns what comes of it. */
export function statusCases({ kind, collection, object }: Sample): OracleCase[] {
  const { group, version } = fromApiVersion(object.apiVersion)!
  if (writtenByServers.has(object.kind) || object.kind === ownsAll) return []
  if (!builtinKind(group, version, object.kind).fields.has('status')) return []
  const { name } = object.metadata
  const path = `${collection}/${name}`
  const door = `${path}/status?fieldManager=door`
  const head = { apiVersion: object.apiVersion, kind: object.kind, metadata: { name } }
  return [
    ...sent.map(([title, language, body]) =>
      patch(`${kind}: through the status: ${title}`, door, language, body),
    ),
    ...applied.map(([title, more]) =>
      patch(`${kind}: apply through the status: ${title}`, door, 'apply', { ...head, ...more }),
    ),
    send('PUT', `${kind}: PUT through the status`, door, { ...object, status: {} }),
    get(`${kind}: the status`, `${path}/status`),
    patch(`${kind}: a status through the main door`, `${path}?fieldManager=main`, 'merge', {
      metadata: { labels: { via: 'main' } },
      status: { conditions: [condition] },
    }),
    patch(
      `${kind}: apply of a status through the main door`,
      `${path}?fieldManager=apply&force=true`,
      'apply',
      {
        ...head,
        metadata: { name, labels: { via: 'apply' } },
        status: { conditions: [condition] },
      },
    ),
  ]
}
