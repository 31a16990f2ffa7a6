import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type OracleCase, patch, send } from './case.ts'

type Json = Readonly<Record<string, unknown>>
type Titled<T> = Readonly<Record<string, T>>

interface Quotas {
  readonly ranges: Titled<readonly Json[]>
  readonly oddRanges: Titled<readonly Json[]>
  readonly claims: readonly string[]
  readonly quotas: Titled<{ readonly spec: { readonly hard: Json } }>
  readonly oddQuotas: Titled<Json>
  readonly pods: Titled<{ readonly resources?: Json; readonly spec?: Json }>
  readonly othersOf: readonly string[]
  readonly others: readonly { readonly resource: string; readonly object: Json }[]
}

const data = parse(readFileSync(join(import.meta.dir, 'quotas.yaml'), 'utf8')) as Quotas
const spaces = '/api/v1/namespaces'

const make = (namespace: string): OracleCase[] => [
  send('POST', `quota: make ${namespace}`, spaces, { metadata: { name: namespace } }),
  send('POST', `quota: account of ${namespace}`, `${spaces}/${namespace}/serviceaccounts`, {
    metadata: { name: 'default' },
  }),
]

const podOf = (title: string, name = 'p') => {
  const { resources, spec } = data.pods[title]!
  const container = { name: 'c', image: 'i', ...(resources && { resources }) }
  return { metadata: { name }, spec: { containers: [container], ...spec } }
}
const podsIn = (namespace: string) =>
  Object.keys(data.pods).map(title =>
    send(
      'POST',
      `${namespace}: a pod that asks for ${title}`,
      `${spaces}/${namespace}/pods?dryRun=All`,
      podOf(title),
    ),
  )

function rangeCases(title: string): OracleCase[] {
  const namespace = `range-${title}`
  return [
    ...make(namespace),
    send('POST', `range: ${title}`, `${spaces}/${namespace}/limitranges`, {
      metadata: { name: 'l' },
      spec: { limits: data.ranges[title] },
    }),
    ...podsIn(namespace),
  ]
}

const claim = (title: string, resources: Json) =>
  send('POST', `range-claims: ${title}`, `${spaces}/range-claims/persistentvolumeclaims?dryRun=All`, {
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], resources },
  })

const ranges: readonly OracleCase[] = [
  ...Object.entries(data.oddRanges).map(([title, limits]) =>
    send('POST', `range: odd: ${title}`, `${spaces}/oracle/limitranges?dryRun=All`, {
      metadata: { name: 'l' },
      spec: { limits },
    }),
  ),
  ...Object.keys(data.ranges).flatMap(rangeCases),
  ...make('range-claims'),
  send('POST', 'range: claims', `${spaces}/range-claims/limitranges`, {
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '5Gi' } }] },
  }),
  ...data.claims.map(storage => claim(`of ${storage}`, { requests: { storage } })),
  claim('with a limit', { requests: { storage: '2Gi' }, limits: { storage: '9Gi' } }),
  claim('of nothing', {}),
  send('POST', 'range: a pod that stays', `${spaces}/range-bounds/pods`, podOf('both', 'stays')),
  patch('range: beyond its bounds', `${spaces}/range-bounds/pods/stays/resize`, 'strategic', {
    spec: { containers: [{ name: 'c', resources: { limits: { cpu: '9' }, requests: { cpu: '9' } } }] },
  }),
]

const spaceOf = (quota: string) => `quota-${quota}`
const quotaPath = (quota: string) => `${spaces}/${spaceOf(quota)}/resourcequotas/q`

/** Nobody but a controller says how much is used of a new quota: here the cases do. */
function counted(title: string): OracleCase[] {
  const { spec } = data.quotas[title]!
  const used = Object.fromEntries(Object.keys(spec.hard).map(name => [name, '0']))
  const quota = { metadata: { name: 'q' }, spec }
  return [
    ...make(spaceOf(title)),
    send('POST', `quota: ${title}`, `${spaces}/${spaceOf(title)}/resourcequotas`, quota),
    send('PUT', `quota: status of ${title}`, `${quotaPath(title)}/status`, {
      ...quota,
      status: { hard: spec.hard, used },
    }),
  ]
}

function otherCases(title: string): OracleCase[] {
  return data.others.map(({ resource, object }, index) => {
    const parts = resource.split('/')
    const plural = parts.at(-1)
    const root = `${parts.length > 2 ? '/apis' : '/api'}/${parts.slice(0, -1).join('/')}`
    const path = `${root}/namespaces/${spaceOf(title)}/${plural}?dryRun=All`
    return send('POST', `${spaceOf(title)}: ${plural} ${index}`, path, { metadata: { name: 'x' }, ...object })
  })
}

const resized = (title: string, cpu: string) =>
  patch(`quota-cpu: ${title}`, `${spaces}/quota-cpu/pods/first/resize`, 'strategic', {
    spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] },
  })

const quotas: readonly OracleCase[] = [
  ...Object.entries(data.oddQuotas).map(([title, spec]) =>
    send('POST', `quota: odd: ${title}`, `${spaces}/oracle/resourcequotas?dryRun=All`, {
      metadata: { name: 'odd' },
      spec,
    }),
  ),
  send('POST', 'quota: a priority', '/apis/scheduling.k8s.io/v1/priorityclasses', {
    metadata: { name: 'oracle-mine' },
    value: 5,
  }),
  send('POST', 'quota: a class with an overhead', '/apis/node.k8s.io/v1/runtimeclasses', {
    metadata: { name: 'oracle-over' },
    handler: 'h',
    overhead: { podFixed: { cpu: '300m', memory: '1Mi' } },
  }),
  ...Object.keys(data.quotas).flatMap(counted),
  {
    ...send('POST', 'quota: wait for the last', `${spaces}/quota-pods/pods?dryRun=All`, podOf('nothing')),
    until: 403,
  },
  ...Object.keys(data.quotas)
    .filter(title => !data.othersOf.includes(title))
    .flatMap(title => podsIn(spaceOf(title))),
  ...data.othersOf.flatMap(otherCases),
  send('POST', 'quota-cpu: a pod', `${spaces}/quota-cpu/pods`, podOf('both', 'first')),
  resized('more than there is', '1200m'),
  resized('what there is', '450m'),
  send('POST', 'quota-cpu: one pod too many', `${spaces}/quota-cpu/pods`, podOf('both', 'second')),
  send(
    'POST',
    'quota-ending: a pod without an end',
    `${spaces}/quota-ending/pods`,
    podOf('requests', 'endless'),
  ),
  patch('quota-ending: it is given one', `${spaces}/quota-ending/pods/endless`, 'merge', {
    spec: { activeDeadlineSeconds: 60 },
  }),
  patch('quota-ending: it is given a label', `${spaces}/quota-ending/pods/endless`, 'merge', {
    metadata: { labels: { a: 'b' } },
  }),
  patch('quota: other scopes', quotaPath('best'), 'merge', { spec: { scopes: ['NotBestEffort'] } }),
  patch('quota: another amount', quotaPath('best'), 'merge', { spec: { hard: { pods: '7' } } }),
]

/** Quotas and limit ranges of every sort, and what they make of pods, claims and others. */
export const quotaCases: readonly OracleCase[] = [...ranges, ...quotas]
