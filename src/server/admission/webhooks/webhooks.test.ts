import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { mutatingWebhookConfigurations } from '../../../api/admissionregistration/mutating-webhook-configuration.ts'
import { validatingWebhookConfigurations } from '../../../api/admissionregistration/validating-webhook-configuration.ts'
import { namespaces } from '../../../api/core/namespace.ts'
import type { Transport } from '../../../client/transport.ts'
import type { JsonObject, KubeObject } from '../../../machinery/meta/object.ts'
import { StatusError } from '../../../machinery/status/status.ts'
import { realClock } from '../../../std/real-ports.ts'
import { simPorts } from '../../../std/sim-ports.ts'
import { createCacheSources } from '../../cache-sources.ts'
import { webhookMeter } from '../../metrics/admission.ts'
import { allowAll, startTestServer, type TestServer } from '../../testing.ts'
import { startTestWebhook, type TestWebhook, type WebhookAnswer } from '../../webhook-client/testing.ts'
import { createWebhookClient } from '../../webhook-client/webhook-client.ts'
import { mutatingWebhooks } from './mutating.ts'
import { validatingWebhooks } from './validating.ts'

type Request = JsonObject & { uid: string; object: KubeObject | null; oldObject: KubeObject | null }
type Answer = (request: Request, path: string) => JsonObject

const registration = 'admissionregistration.k8s.io'
const ports = { ...simPorts(), clock: realClock }
let server: TestServer
let admin: Transport
let hook: TestWebhook
let answer: Answer
const asked: { readonly path: string; readonly request: Request }[] = []

beforeAll(async () => {
  const sources = createCacheSources()
  const { of } = sources
  const resolve = () => ({ host: '127.0.0.1', port: hook.port })
  const calls = {
    call: createWebhookClient({ resolve, clock: ports.clock }),
    ...{ random: ports.random, clock: ports.clock },
    meter: webhookMeter(ports.metrics, 'admit'),
  }
  const { clock } = ports
  const services = { namespaces: of(namespaces), authorize: allowAll, clock }
  server = await startTestServer({
    ports,
    admission: [
      mutatingWebhooks(of(mutatingWebhookConfigurations), calls, services),
      validatingWebhooks(of(validatingWebhookConfigurations), calls, services),
    ],
  })
  sources.bind(server.cache, new AbortController().signal)
  admin = server.admin
  hook = await startTestWebhook(
    (review, path): WebhookAnswer => {
      const request = review.request as Request
      asked.push({ path: path.replace(/\?.*/, ''), request })
      const response = { uid: request.uid, allowed: true, ...answer(request, path) }
      return { body: { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response } as JsonObject }
    },
    ['hook.tools.svc'],
  )
}, 120_000)

afterAll(async () => {
  hook.close()
  await server.shutdown()
}, 120_000)

const plurals = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']
afterEach(async () => {
  for (const plural of plurals)
    await admin.call({ verb: 'deletecollection', group: registration, version: 'v1', resource: plural })
  await admin.call({
    verb: 'deletecollection',
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'default',
  })
  asked.length = 0
})

const rules = [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }]

async function register(kind: 'mutating' | 'validating', ...webhooks: readonly object[]): Promise<void> {
  const body = {
    metadata: { name: `${kind}-hooks` },
    webhooks: webhooks.map((more, index) => ({
      name: `hook-${index}.hutch.test`,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      clientConfig: { url: `https://localhost:${hook.port}/${index}`, caBundle: hook.caBundle },
      rules,
      ...more,
    })),
  }
  const resource = `${kind}webhookconfigurations`
  await admin.call({ verb: 'create', group: registration, version: 'v1', resource, body: body as never })
}

async function create(more: object = {}, dryRun = false): Promise<KubeObject> {
  const body = { metadata: { name: 'm' }, data: { key: 'value' }, ...more } as KubeObject
  const options = dryRun ? { options: { dryRun: ['All'] } } : {}
  const place = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' }
  return (await admin.call({ verb: 'create', ...place, body, ...options })) as KubeObject
}

async function refusal(made: Promise<unknown>): Promise<string> {
  const error = await made.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(StatusError)
  const { code, message } = error as StatusError
  return `${code} ${message}`
}

const patch = (...operations: readonly object[]): JsonObject => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

describe('a validating webhook', () => {
  test('refuses with its own words and code', async () => {
    answer = () => ({ allowed: false, status: { code: 403, message: 'not here' } })
    await register('validating', {})
    expect(await refusal(create())).toBe(
      '403 admission webhook "hook-0.hutch.test" denied the request: not here',
    )
  })

  test('that fails closes the door, unless its policy is to ignore that', async () => {
    answer = () => ({ uid: 'other' })
    await register('validating', {})
    expect(await refusal(create())).toContain(
      '500 Internal error occurred: failed calling webhook "hook-0.hutch.test": received invalid webhook response: expected response.uid=',
    )
    await admin.call({
      verb: 'delete',
      group: registration,
      version: 'v1',
      resource: plurals[1]!,
      name: 'validating-hooks',
    })
    await register('validating', { failurePolicy: 'Ignore' })
    expect((await create()).metadata.name).toBe('m')
  })

  test('is not called where its conditions do not hold', async () => {
    answer = () => ({ allowed: false })
    await register('validating', {
      matchConditions: [{ name: 'a', expression: "object.data.key == 'other'" }],
    })
    await create()
    expect(asked).toEqual([])
  })

  test('whose condition cannot be evaluated refuses', async () => {
    await register('validating', { matchConditions: [{ name: 'a', expression: 'object.nonsense == 1' }] })
    expect(await refusal(create())).toBe(
      '403 configmaps "m" is forbidden: expression \'object.nonsense == 1\' resulted in error: no such key: nonsense',
    )
  })

  test('is asked at the service that it names, about the request as it came', async () => {
    answer = () => ({})
    const service = { namespace: 'tools', name: 'hook', path: '/check' }
    await register('validating', { clientConfig: { service, caBundle: hook.caBundle } })
    await create()
    expect(asked[0]).toMatchObject({
      path: '/check',
      request: {
        operation: 'CREATE',
        name: 'm',
        namespace: 'default',
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        userInfo: { username: 'admin' },
        oldObject: null,
        dryRun: false,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      },
    })
  })

  test('sees reviews that a rule names, before anybody answers them', async () => {
    answer = () => ({ allowed: false })
    const place = { group: 'authorization.k8s.io', version: 'v1', resource: 'subjectaccessreviews' }
    await register('validating', {
      rules: [{ ...rules[0], apiGroups: [place.group], resources: [place.resource] }],
    })
    const body = { spec: { user: 'ann', nonResourceAttributes: { path: '/', verb: 'get' } } }
    const made = admin.call({ verb: 'create', ...place, body: body as never })
    expect(await refusal(made)).toContain('admission webhook "hook-0.hutch.test" denied the request')
    expect(asked[0]!.request.object).toMatchObject({ kind: 'SubjectAccessReview', spec: { user: 'ann' } })
  })

  test('sees what is deleted as the old object', async () => {
    answer = () => ({})
    await create()
    await register('validating', {})
    const place = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' }
    await admin.call({ verb: 'delete', ...place, name: 'm' })
    expect(asked[0]!.request).toMatchObject({
      operation: 'DELETE',
      object: null,
      oldObject: { data: { key: 'value' } },
    })
  })

  test('never sees the configuration of webhooks', async () => {
    answer = () => ({ allowed: false })
    await register('validating', {
      rules: [{ ...rules[0]!, apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }],
    })
    await register('mutating')
    expect(asked).toEqual([])
  })
})

describe('a mutating webhook', () => {
  test('changes the object before the validating ones see it', async () => {
    answer = (_request, path) =>
      path.startsWith('/0') ? patch({ op: 'add', path: '/data/more', value: 'yes' }) : {}
    await register('mutating', {})
    await register('validating', {
      clientConfig: { url: `https://localhost:${hook.port}/1`, caBundle: hook.caBundle },
    })
    expect(await create()).toMatchObject({ data: { key: 'value', more: 'yes' } })
    expect(asked.at(-1)!.request.object).toMatchObject({ data: { more: 'yes' } })
  })

  test('is asked once more when a later one changed the object, if it wants that', async () => {
    const raise = (name: string) => (request: Request) => {
      const labels = request.object?.metadata.labels ?? {}
      const value = { ...labels, [name]: String(Number(labels[name] ?? 0) + 1) }
      return patch({ op: 'add', path: '/metadata/labels', value })
    }
    answer = (request, path) => raise(path.startsWith('/0') ? 'first' : 'second')(request)
    await register('mutating', { reinvocationPolicy: 'IfNeeded' }, { reinvocationPolicy: 'Never' })
    expect((await create()).metadata.labels).toEqual({ first: '2', second: '1' })
  })

  test('with side effects is not called in a dry run', async () => {
    answer = () => ({})
    await register('mutating', { sideEffects: 'NoneOnDryRun' })
    await create({}, true)
    expect(asked[0]!.request).toMatchObject({ dryRun: true })
  })

  test('cannot move an object to another namespace', async () => {
    answer = () => patch({ op: 'replace', path: '/metadata/namespace', value: 'elsewhere' })
    await register('mutating', {})
    expect(await refusal(create())).toBe(
      '400 the namespace of the provided object does not match the namespace sent on the request',
    )
  })
})

describe('what webhooks do is counted', () => {
  const count = (series: string) => {
    const line = ports.metrics
      .text()
      .split('\n')
      .find(each => each.startsWith(`apiserver_admission_webhook_${series} `))
    return Number(line?.split(' ').at(-1) ?? 0)
  }
  test('calls, refusals and failures that are overlooked', async () => {
    const labels = 'name="hook-0.hutch.test",operation="CREATE"'
    const series = {
      called: `request_total{code="200",${labels},rejected="false",type="admit"}`,
      refused: `rejection_count{error_type="no_error",${labels},rejection_code="403",type="admit"}`,
      open: 'fail_open_count{name="hook-0.hutch.test",type="admit"}',
    }
    const before = Object.values(series).map(count)
    answer = () => ({})
    await register('validating', {})
    await create()
    answer = () => ({ allowed: false, status: { code: 403 } })
    await refusal(create({ metadata: { name: 'n' } }))
    answer = () => ({})
    await register('mutating', { failurePolicy: 'Ignore', clientConfig: { url: 'https://localhost:1/' } })
    await create({ metadata: { name: 'o' } })
    expect(Object.values(series).map((each, index) => count(each) - before[index]!)).toEqual([2, 1, 1])
  })
})
