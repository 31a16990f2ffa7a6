import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startTestServer, type TestServer } from '../testing.ts'
import { originFault, transportSecurityFault } from './browsers.ts'

let server: TestServer
let base: string
beforeAll(async () => {
  server = await startTestServer({
    browsers: {
      allowedOrigins: ['^https?://ok\\.example\\.org$'],
      transportSecurity: ['max-age=31536000', 'includeSubDomains'],
    },
  })
  base = `http://127.0.0.1:${(await server.listen({ host: '127.0.0.1', port: 0 })).port}`
}, 60_000)
afterAll(() => server.shutdown(), 60_000)

const origin = 'https://ok.example.org'

test('pages of an origin that is allowed may read answers, others are told nothing', async () => {
  const allowed = await fetch(`${base}/version`, { headers: { origin } })
  expect(allowed.status).toBe(200)
  expect(allowed.headers.get('access-control-allow-origin')).toBe(origin)
  expect(allowed.headers.get('access-control-allow-credentials')).toBe('true')
  const foreign = await fetch(`${base}/version`, { headers: { origin: 'https://ok.example.org.evil' } })
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
})

test('a preflight request of such an origin needs no credential and goes no further', async () => {
  const preflight = await fetch(`${base}/api/v1/secrets`, { method: 'OPTIONS', headers: { origin } })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toBe('POST, GET, OPTIONS, PUT, DELETE, PATCH')
  expect(preflight.headers.get('audit-id')).toBeString()
})

test('every answer tells browsers to come over TLS', async () => {
  const told = async (path: string) => (await fetch(base + path)).headers.get('strict-transport-security')
  expect(await told('/livez')).toBe('max-age=31536000; includeSubDomains')
  expect(await told('/absent')).toBe('max-age=31536000; includeSubDomains')
})

test('patterns that do not hold the host, and unknown directives, are faults', () => {
  expect(originFault('//ok.example.org(:|$)')).toBeUndefined()
  expect(originFault('ok.example.org')).toContain('does not pin')
  expect(originFault('^(')).toContain('error parsing regexp')
  expect(transportSecurityFault('preload')).toBeUndefined()
  expect(transportSecurityFault('age=1')).toContain('allowed values')
})
