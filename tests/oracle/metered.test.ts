import { expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Recorder, type SideName, startRecorder } from './admission/recorder.ts'
import { besideStock } from './beside-stock.ts'
import { type Exposition, labelsOf, readExposition, shapeOf } from './exposition.ts'
import { groundwork, guarded, servedLast, traffic } from './metered-traffic.ts'
import type { Side } from './side.ts'
import { openStage } from './stage.ts'

/** Families of a stock server that Hutch has not, by how their names begin, and why. */
const absent: readonly (readonly [begins: string, why: string])[] = [
  ['go_', 'there is no Go'],
  ['apiserver_admission_step_admission_duration_seconds_summary', 'its histogram says the same'],
  ['apiserver_envelope_encryption_dek_cache_', 'there is no such cache'],
  ['apiserver_flowcontrol_seat_fair_frac', 'told when seats were lent first'],
  ['apiserver_flowcontrol_watch_count_samples', 'writes hold no seats for their watchers'],
  ['apiserver_kube_aggregator_x509_', 'nothing of the kind is accepted'],
  ['apiserver_webhooks_x509_', 'nothing of the kind is accepted'],
  ['apiserver_storage_data_key_generation_', 'data keys are derived, never generated'],
  ['apiserver_storage_envelope_transformation_cache_misses_total', 'told where there is a KMS'],
  ['apiserver_storage_list_', 'lists never reach the store'],
  ['apiserver_validation_', 'kinds are validated once, by one set of rules'],
  ['apiserver_storage_size_bytes', 'there is no file'],
  [
    'apiextensions_apiserver_validation_ratcheting_seconds',
    'what is unchanged is found while rules are judged',
  ],
  ['apiextensions_openapi_', 'documents are made when they are asked for'],
  ['apiserver_flowcontrol_next_', 'the pages of flow control tell it of each queue'],
  ['authentication_token_cache_', 'every token is looked at anew'],
  ['aggregator_discovery_aggregation_count_total', 'documents are made when they are asked for'],
  [
    'cardinality_enforcement_unexpected_categorizations_total',
    'told with the first label that is not allowed',
  ],
  ['disabled_metrics_total', 'told where families are disabled'],
  ['hidden_metrics_total', 'nothing is hidden'],
  ['etcd_bookmark_counts', 'there is no etcd'],
  ['grpc_client_', 'there is no etcd'],
  ['rest_client_', 'the server asks itself without a connection'],
  ['watch_cache_capacity', 'one history for all kinds, bounded by its age and bytes'],
  ['workqueue_', 'queues of parts that are no queues here'],
]

/** How a family of both differs in its shape, and why. */
const shapedOtherwise: Readonly<Record<string, string>> = {}

/** Families whose numbers move with `traffic` by the same, as far as series are about what it asks for. */
const alike = [
  'apiserver_admission_webhook_admission_duration_seconds',
  'apiserver_admission_webhook_fail_open_count',
  'apiserver_admission_webhook_rejection_count',
  'apiserver_admission_webhook_request_total',
  'apiserver_cache_list_returned_objects_total',
  'apiserver_cache_list_total',
  'apiserver_flowcontrol_request_queue_length_after_enqueue',
  'apiserver_flowcontrol_request_wait_duration_seconds',
  'apiserver_longrunning_requests',
  'apiserver_request_body_size_bytes',
  'apiserver_request_duration_seconds',
  'apiserver_request_sli_duration_seconds',
  'apiserver_request_total',
  'apiserver_response_sizes',
  'apiserver_storage_events_received_total',
  'apiserver_storage_transformation_operations_total',
  'apiserver_validating_admission_policy_check_duration_seconds',
  'apiserver_validating_admission_policy_check_total',
  'apiserver_watch_cache_consistent_read_total',
  'apiserver_watch_cache_events_received_total',
  'apiserver_watch_list_duration_seconds',
  'authentication_attempts',
  'authorization_attempts_total',
]
const ofTraffic = new Set([
  'configmaps',
  'pods',
  'secrets',
  'serviceaccounts',
  'widgets',
  'endpoints',
  'selfsubjectaccessreviews',
])
/** What the traffic alone makes of what nobody else asks for; `success` and `allowed` are also of the servers' own. */
const ofItself = new Set(['result="error"', 'result="denied"', 'flow_schema="global-default"'])

/** Hutch opens a Secret once, when it comes to its cache. */
const opened = 'transformation_type="from_storage"'

function isAsked(series: string): boolean {
  if (/_(bucket|sum)({|$)/.test(series) || series.includes(opened)) return false
  const labels = labelsOf(series)
  const resource = labels.get('resource')
  if (/metered\.example\.org$/.test(labels.get('name') ?? labels.get('policy') ?? '')) return true
  if (resource !== undefined) return ofTraffic.has(resource) || resource === ''
  return [...labels].some(([name, value]) => ofItself.has(`${name}="${value}"`))
}

interface Moved {
  readonly before: Exposition
  readonly after: Exposition
}

/** Both write an audit log, encrypt Secrets with a key of their own and ask webhooks and a policy. */
async function openBoth() {
  await using kept = new AsyncDisposableStack()
  const directory = mkdtempSync(join(tmpdir(), 'hutch-metered-'))
  kept.defer(() => rmSync(directory, { recursive: true }))
  const fileOf = (name: string, content: object) => {
    writeFileSync(join(directory, name), JSON.stringify(content))
    return join(directory, name)
  }
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] }
  const key = { name: 'one', secret: Buffer.alloc(32, 7).toString('base64') }
  const encryption = {
    ...{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration' },
    resources: [{ resources: ['secrets'], providers: [{ aescbc: { keys: [key] } }, { identity: {} }] }],
  }
  const recorder = await startRecorder()
  kept.defer(() => recorder.close())
  const log = (name: SideName) => `--audit-log-path=${join(directory, name)}`
  const stage = await openStage({
    both: [
      `--audit-policy-file=${fileOf('policy', policy)}`,
      `--encryption-provider-config=${fileOf('encryption', encryption)}`,
    ],
    hutch: [log('ours')],
    stock: [log('theirs')],
  })
  kept.defer(() => stage.close())
  const all = kept.move()
  return { ...stage, recorder, close: () => all.disposeAsync() }
}

async function drive(side: Side, name: SideName, { caBundle, url }: Recorder): Promise<Moved> {
  const session = side.session()
  const read = async () => readExposition(await session.raw('/metrics'))
  const ask = (one: (typeof traffic)[number]) => session.ask({ name: one.path, ...one })
  for (const one of groundwork({ caBundle, url: behaviour => url(name, behaviour) })) await ask(one)
  while ((await ask({ method: 'GET', path: servedLast })).status !== 200) await Bun.sleep(100)
  while ((await ask(guarded)).status !== 422) await Bun.sleep(100)
  await settled(read)
  const before = await read()
  for (const one of traffic) await ask(one)
  return { before, after: await settled(read) }
}

/** Watches end a little after their clients have left. */
async function settled(read: () => Promise<Exposition>): Promise<Exposition> {
  const sum = (told: Exposition) =>
    ['apiserver_request_total', 'apiserver_storage_events_received_total'].flatMap(name =>
      [...(told.get(name)?.series ?? [])].filter(([series]) => isAsked(series)),
    )
  let told = await read()
  for (let same = 0; same < 3; ) {
    await Bun.sleep(500)
    const next = await read()
    same = Bun.deepEquals(sum(next), sum(told)) ? same + 1 : 0
    told = next
  }
  return told
}

function movements({ before, after }: Moved, name: string): Map<string, number> {
  const was = before.get(name)?.series
  const asked = [...(after.get(name)?.series ?? [])].filter(([series]) => isAsked(series))
  const moved = asked.map(([series, value]) => [series, value - (was?.get(series) ?? 0)] as const)
  return new Map(moved.filter(([, by]) => by !== 0))
}

/** The names of what a server asks itself, in any order. */
async function checksOf(side: Side): Promise<readonly string[]> {
  const told = await side.session().raw('/readyz?verbose')
  return [...told.matchAll(/^\[\+\](\S+) ok$/gm)].map(([, name]) => name!).toSorted()
}
/** Of a front proxy's certificate and of providers of keys, which a stock server has when it is told to. */
const ownChecks = new Set(['poststarthook/aggregator-reload-proxy-client-cert', 'kms-providers'])

besideStock({
  subject: 'metrics',
  claim: 'Hutch tells every family that it tells, in its shape, and the same traffic moves it by the same',
  open: openBoth,
  async compare({ ours, theirs, recorder }) {
    const [own, stock] = await Promise.all([drive(ours, 'ours', recorder), drive(theirs, 'theirs', recorder)])
    const differing = [...stock.after].flatMap(([name, family]) => {
      const found = own.after.get(name)
      if (!found) return absent.some(([begins]) => name.startsWith(begins)) ? [] : [`${name}: is not told`]
      const [is, wanted] = [shapeOf(found), shapeOf(family)]
      return is === wanted || shapedOtherwise[name] ? [] : [`${name}: ${is}, stock ${wanted}`]
    })
    expect(differing).toEqual([])
    const all = (moved: Moved) => alike.map(name => movements(moved, name))
    expect(all(own)).toEqual(all(stock))
    expect(movements(own, 'apiserver_request_total').size).toBeGreaterThan(30)
    const [checks, wanted] = await Promise.all([checksOf(ours), checksOf(theirs)])
    expect(checks.filter(name => !ownChecks.has(name))).toEqual([...wanted])
  },
})
