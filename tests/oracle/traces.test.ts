import { expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { besideStock } from './beside-stock.ts'
import { get, patch, send } from './case.ts'
import { type HeardSpan, startCollector } from './collector.ts'
import type { Side } from './side.ts'
import { openStage } from './stage.ts'

const maps = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string, value: string) => ({
  ...{ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { a: value } },
})
const deployment = {
  ...{ kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'd' } },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'none' }] },
    },
  },
}
const asked = [
  send('POST', 'create', maps, configMap('t', 'b')),
  get('get', `${maps}/t`),
  get('list', `${maps}?limit=5`),
  get('list a cluster', '/api/v1/nodes'),
  send('PUT', 'update', `${maps}/t`, configMap('t', 'c')),
  patch('patch', `${maps}/t`, 'merge', { data: { x: 'y' } }),
  patch('apply again', `${maps}/t?fieldManager=x&force=true`, 'apply', configMap('t', 'd')),
  send('POST', 'create in a group', '/apis/apps/v1/namespaces/default/deployments', deployment),
  { name: 'delete', method: 'DELETE', path: `${maps}/t` },
  get('none', `${maps}/none`),
  get('no resource', '/version'),
]

/** What stands for the caller's own span, and the trace of each request. */
const caller = 'cd'.repeat(8)
const traceOf = (side: number, index: number) => `${side}${index.toString(16)}`.padEnd(32, 'a')

/** Spans of stock that have nothing to stand for here; of a delete stock tells its transaction alone. */
const foreign = /^(cacher\.|etcdserverpb\.|SerializeObject$|List\(recursive|Delete etcd3$)/
/** Attributes that stock's storage tells of its own types, and that the servers choose. */
const ownOfStock: ReadonlySet<string> = new Set(['type'])
const chosen: ReadonlySet<string> = new Set([
  ...['audit-id', 'network.peer.port', 'server.port', 'http.response.body.size'],
])

/** The tree of a request's spans, a line each, without what is only one side's. */
function tree(spans: readonly HeardSpan[], trace: string): string[] {
  const own = spans.filter(span => span.trace === trace).toSorted((a, b) => a.start - b.start)
  const below = (parent: string, depth: string): string[] =>
    own
      .filter(span => span.parent === parent && !foreign.test(span.name))
      .flatMap(span => [
        `${depth}${span.name} ${span.kind} ${attributesOf(span)}`,
        ...below(span.id, `${depth}  `),
      ])
  return below(caller, '')
}

function attributesOf({ name, attributes }: HeardSpan): string {
  const told = Object.entries(attributes).filter(
    ([key]) => !ownOfStock.has(key) && !(name.endsWith(' etcd3') && key === 'audit-id'),
  )
  return told
    .map(([key, value]) => (chosen.has(key) ? key : `${key}=${value}`))
    .toSorted()
    .join(' ')
}

async function openTraced() {
  const collector = await startCollector()
  const folder = mkdtempSync(join(tmpdir(), 'hutch-traces-'))
  const path = join(folder, 'tracing.yaml')
  writeFileSync(
    path,
    `apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: 127.0.0.1:${collector.port}\n`,
  )
  const stage = await openStage({ both: [`--tracing-config-file=${path}`] })
  const close = async () => {
    await stage.close()
    collector.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...stage, collector, close }
}

besideStock({
  subject: 'traces',
  claim: 'a collector hears the same spans of the same requests, with the same attributes, one in another',
  open: openTraced,
  async compare({ ours, theirs, collector: { spans } }) {
    const drive = async (side: Side, of: number) => {
      const session = side.session()
      for (const [index, one] of asked.entries()) {
        const traceparent = `00-${traceOf(of, index)}-${caller}-01`
        await session.ask({ ...one, headers: { ...one.headers, traceparent } })
      }
    }
    await drive(ours, 0)
    await drive(theirs, 1)
    const last = asked.length - 1
    const isHeard = (trace: string) => spans.some(each => each.trace === trace && each.parent === caller)
    while (!isHeard(traceOf(0, last)) || !isHeard(traceOf(1, last))) await Bun.sleep(100)
    for (const [index, { name }] of asked.entries())
      expect({ [name]: tree(spans, traceOf(0, index)) }).toEqual({ [name]: tree(spans, traceOf(1, index)) })
    expect(tree(spans, traceOf(0, 0))).toHaveLength(7)
  },
})
