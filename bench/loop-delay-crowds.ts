/** Requests that are about very many objects at once: chosen ones, pages, watches that begin with all, and their end. */
import type { HostileCase } from './hostile-case.ts'

const many = '/api/v1/namespaces/many/configmaps'
const events = '/api/v1/namespaces/many/events'
const json = 'application/json'
const table = 'application/json;as=Table;g=meta.k8s.io;v=v1'
const protobuf = 'application/vnd.kubernetes.protobuf'

/** What is created at a path so many times. */
interface Crowd {
  readonly path: string
  readonly count: number
  make(at: number): object
}

const data = { text: 'x'.repeat(300) }
const map = (at: number) => ({ metadata: { name: `map-${at}`, labels: { app: `a${at % 10}` } }, data })

export const crowdNamespaces = ['doomed', 'going', 'counted']

/** Objects to end, events, and a quota that counts what its namespace has. */
export function crowds(objects: number): readonly Crowd[] {
  const part = Math.ceil(objects / 5)
  const involvedObject = { kind: 'Pod', namespace: 'many', name: 'web' }
  return [
    { path: '/api/v1/namespaces/doomed/configmaps', count: part, make: map },
    { path: '/api/v1/namespaces/going/configmaps', count: part, make: map },
    {
      path: events,
      count: Math.ceil(objects / 10),
      make: at => ({
        metadata: { name: `event-${at}` },
        involvedObject,
        reason: 'Measured',
        message: `event ${at}`,
      }),
    },
    { path: '/api/v1/namespaces/counted/configmaps', count: part, make: map },
    {
      path: '/api/v1/namespaces/counted/resourcequotas',
      count: 1,
      make: () => ({ metadata: { name: 'all' }, spec: { hard: { 'count/configmaps': String(10 * part) } } }),
    },
  ]
}

const get = (path: string, accept: string, encoding = 'identity') => ({
  request: () => ({ method: 'GET', path, headers: { accept, 'accept-encoding': encoding } }),
})
const watch = (accept: string) => get(`${many}?watch=true&timeoutSeconds=6&resourceVersion=0`, accept)
const end = (path: string, until: string) => ({
  request: () => ({ method: 'DELETE', path, headers: { accept: json } }),
  until,
})

/** Every request about a crowd by its name. */
export function crowdCases(objects: number): readonly HostileCase[] {
  const half = Math.ceil(objects / 2)
  const doomed = '/api/v1/namespaces/doomed/configmaps'
  const cases: Readonly<Record<string, Omit<HostileCase, 'name'>>> = {
    'page of half': get(`${many}?limit=${half}`, json),
    'page of half gzip': get(`${many}?limit=${half}`, json, 'gzip'),
    'page of half table': get(`${many}?limit=${half}`, table),
    'labels of half': get(`${many}?labelSelector=app+in+(a1,a2,a3,a4,a5)`, json),
    'labels gzip': get(`${many}?labelSelector=app+in+(a1,a2,a3,a4,a5)`, json, 'gzip'),
    'labels table': get(`${many}?labelSelector=app!=a1`, table),
    'labels protobuf': get(`${many}?labelSelector=app!=a1`, protobuf),
    'fields of all': get(`${many}?fieldSelector=metadata.name!=map-1`, json),
    'events yaml': get(events, 'application/yaml'),
    'events table': get(events, table),
    'watch from the start': watch(json),
    'watch table': watch(table),
    'watch protobuf': watch(protobuf),
    'quota counts': {
      request: round => ({
        method: 'POST',
        path: '/api/v1/namespaces/counted/configmaps',
        headers: { 'content-type': json },
        body: JSON.stringify({ metadata: { name: `more-${round}-${Date.now()}` } }),
      }),
    },
    'delete the collection': end(doomed, `${doomed}/map-${Math.ceil(objects / 5) - 1}`),
    'delete the namespace': end('/api/v1/namespaces/going', '/api/v1/namespaces/going'),
  }
  return Object.entries(cases).map(([name, each]) => ({ name: `crowd ${name}`, ...each }))
}
