import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { ConfigMap } from '../../api/types/core-v1.gen.ts'
import { isNotFound } from '../../machinery/status/errors.ts'
import { settle, simPorts } from '../../std/sim-ports.ts'
import { usualRequestHeaders } from '../authn/front-proxy.ts'
import { issueCa } from '../pki/issue.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { authenticationConfig } from './authentication-config.ts'
import type { FrontProxy } from './front-proxy.ts'

const yearMs = 365 * 86_400_000
const ports = simPorts(1, Date.UTC(2026, 5, 1) + 11 * yearMs)
const { random } = ports
const nowMs = ports.clock.nowMs()
const [users, first, second, past] = await Promise.all([
  issueCa('users', { nowMs, random }),
  issueCa('first', { nowMs, random }),
  issueCa('second', { nowMs, random }),
  issueCa('past', { nowMs: nowMs - 11 * yearMs, random }),
])
const at = { group: '', version: 'v1', resource: 'configmaps', ...authenticationConfig } as const

let proxy: FrontProxy = {
  ...{ cert: '', key: '', clientCa: users.certificate },
  requestHeaderCa: `${past.certificate}${first.certificate}`,
}
let server: TestServer
let changed: () => void = () => {}

beforeAll(async () => {
  server = await startTestServer({
    ports,
    frontProxy: () => proxy,
    onFrontProxyChanged(told) {
      changed = told
    },
  })
  await server.admin.call({
    ...{ verb: 'create', group: '', version: 'v1', resource: 'namespaces' },
    body: { metadata: { name: at.namespace } },
  })
  await server.aggregate()
}, 60_000)
afterAll(() => server.shutdown(), 60_000)

/** What is told, as soon as it is there and as asked for. */
async function told(isMeant: (data: Record<string, string>) => boolean): Promise<Record<string, string>> {
  for (;;) {
    try {
      const { data = {} } = (await server.admin.call({ ...at, verb: 'get' })) as ConfigMap
      if (isMeant(data)) return data
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    await settle()
  }
}

test('the usual headers are told, and the authorities that have not run out', async () => {
  expect(await told(() => true)).toEqual({
    'client-ca-file': users.certificate,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': first.certificate,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  })
}, 60_000)

test('what other servers told stays beside what changes here', async () => {
  proxy = {
    ...proxy,
    requestHeaderCa: second.certificate,
    requestHeaders: { ...usualRequestHeaders, allowedNames: ['gate'], group: ['X-Team', 'X-Remote-Group'] },
  }
  changed()
  expect(await told(data => data['requestheader-allowed-names'] !== '["front-proxy-client"]')).toMatchObject({
    'requestheader-allowed-names': '["front-proxy-client","gate"]',
    'requestheader-client-ca-file': first.certificate + second.certificate,
    'requestheader-group-headers': '["X-Remote-Group","X-Team"]',
  })
}, 60_000)

test('it is told again when somebody takes it away', async () => {
  await server.admin.call({ ...at, verb: 'delete' })
  expect(await told(() => true)).toMatchObject({
    'requestheader-allowed-names': '["gate"]',
    'requestheader-client-ca-file': second.certificate,
  })
}, 60_000)
