import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { memorySource } from '../lister.ts'
import { createServiceResolver } from './service-resolver.ts'
import { startTestWebhook, type TestWebhook } from './testing.ts'
import { createWebhookClient, type WebhookTarget } from './webhook-client.ts'

const { random } = simPorts()
let hook: TestWebhook
beforeAll(async () => {
  hook = await startTestWebhook(
    async (request, path) => {
      if (path.startsWith('/slow')) await Bun.sleep(5000)
      const status = Number(/^\/status\/(\d+)/.exec(path)?.[1] ?? 200)
      if (path.startsWith('/text')) return { body: 'no JSON' }
      return { status, body: { heard: request.said ?? null, path } }
    },
    ['hook.tools.svc'],
  )
}, 120_000)
afterAll(() => hook.close())

function serviceOf(name: string, spec: Service['spec'] = {}): Service {
  return { metadata: { namespace: 'tools', name }, spec: { ports: [{ port: 443, name: 'web' }], ...spec } }
}

function sliceOf(name: string, addresses: readonly string[], ready = true): EndpointSlice {
  const metadata = { namespace: 'tools', name, labels: { 'kubernetes.io/service-name': name } }
  const endpoints = addresses.map(address => ({ addresses: [address], conditions: { ready } }))
  return { metadata, addressType: 'IPv4', ports: [{ name: 'web', port: hook.port }], endpoints }
}

const resolver = () =>
  createServiceResolver(
    {
      services: memorySource([
        serviceOf('hook'),
        serviceOf('idle'),
        serviceOf('away', { type: 'ExternalName', externalName: 'example.org' }),
      ]),
      endpointSlices: memorySource([sliceOf('hook', ['127.0.0.1']), sliceOf('idle', ['127.0.0.1'], false)]),
    },
    random,
  )

const clock = {
  ...simPorts().clock,
  setTimer(delayMs: number, fn: () => void) {
    const timer = setTimeout(fn, delayMs)
    return () => clearTimeout(timer)
  },
}

function call(target: WebhookTarget, timeoutMs = 10_000) {
  return createWebhookClient({ resolve: resolver(), clock })(target, { body: { said: 'hello' }, timeoutMs })
}

const service = { namespace: 'tools', name: 'hook', path: '/convert' }

test('a service is called at a ready endpoint under its own name, with the time that it has', async () => {
  const answer = await call({ service, caBundle: hook.caBundle })
  expect(answer).toEqual({ heard: 'hello', path: '/convert?timeout=10s' })
})

test('a URL is called as it is', async () => {
  const url = `https://localhost:${hook.port}/plain`
  expect(await call({ url, caBundle: hook.caBundle })).toMatchObject({ heard: 'hello' })
})

test('a path is asked for as Go programs clean it', async () => {
  const url = `https://localhost:${hook.port}//a/./b//`
  expect(await call({ url, caBundle: hook.caBundle })).toMatchObject({ path: '/a/b?timeout=10s' })
  const target = { service: { ...service, path: '//convert/' }, caBundle: hook.caBundle }
  expect(await call(target)).toMatchObject({ path: '/convert?timeout=10s' })
})

test('a bundle may hold the certificate of the webhook itself, as Go programs that test webhooks write it', async () => {
  const url = `https://localhost:${hook.port}/plain`
  expect(await call({ url, caBundle: hook.ownBundle })).toMatchObject({ heard: 'hello' })
})

test('a webhook of an unknown authority is not believed', async () => {
  await expect(call({ service })).rejects.toThrow(
    'Post "https://hook.tools.svc:443/convert?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  )
})

test('a certificate for another name is not believed, whoever was called before over the same address', async () => {
  const url = `https://localhost:${hook.port}/`
  await call({ url, caBundle: hook.caBundle })
  const other = startTestWebhook(() => ({ body: {} }), [])
  const { caBundle, close } = await other
  await expect(call({ url, caBundle })).rejects.toThrow('certificate signed by unknown authority')
  close()
})

test('services that nobody answers for are named', async () => {
  const named = (name: string, port?: number) =>
    call({ service: { ...service, name, ...(port && { port }) } })
  await expect(named('none')).rejects.toThrow('service "none" not found')
  await expect(named('idle')).rejects.toThrow('no endpoints available for service "idle"')
  await expect(named('hook', 8443)).rejects.toThrow('no service port 8443 found for service "hook"')
  expect(resolver()('tools', 'away', 443)).toEqual({ host: 'example.org', port: 443 })
})

test('answers that are no JSON or no success are told in the words of a client', async () => {
  const at = (path: string) => call({ url: `https://127.0.0.1:${hook.port}${path}`, caBundle: hook.caBundle })
  await expect(at('/status/404')).rejects.toThrow('the server could not find the requested resource')
  await expect(at('/status/500')).rejects.toThrow('an error on the server (')
  await expect(at('/text')).rejects.toThrow("couldn't get version/kind; json parse error")
})

test('a slow webhook is given up', async () => {
  const url = `https://127.0.0.1:${hook.port}/slow`
  await expect(call({ url, caBundle: hook.caBundle }, 100)).rejects.toThrow('context deadline exceeded')
})

test('a closed port is told with its address', async () => {
  await expect(call({ url: 'https://127.0.0.1:1/' })).rejects.toThrow(
    'dial tcp 127.0.0.1:1: connect: connection refused',
  )
})

test('users are named for a host and its port, also where the URL tells none', async () => {
  const asked: string[] = []
  const credentials = (name: string) => void asked.push(name)
  const client = createWebhookClient({ resolve: resolver(), clock, credentials })
  const tell = (target: WebhookTarget) =>
    client(target, { body: {}, timeoutMs: 2000 }).then(
      () => 'answered',
      () => 'failed',
    )
  await tell({ url: 'https://nobody.invalid/x' })
  await tell({ url: `https://127.0.0.1:${hook.port}/x` })
  await tell({ service })
  expect(asked).toEqual(['nobody.invalid:443', `127.0.0.1:${hook.port}`, 'hook.tools.svc:443'])
}, 120_000)
