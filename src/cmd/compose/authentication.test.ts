import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simPorts } from '../../std/sim-ports.ts'
import { parseFlags, withDefaults } from '../flags.ts'
import { flagReader, serverFlags } from '../server-flags.ts'
import { auditSource } from './auditing.ts'
import { authenticationSource, openOutsideAuthentication } from './authentication.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-authentication-'))
const stop = new AbortController()
afterAll(() => {
  stop.abort()
  rmSync(folder, { recursive: true })
})

const read = (...argv: string[]) =>
  flagReader(withDefaults(serverFlags, parseFlags(serverFlags, argv).values))
const open = (...argv: string[]) =>
  openOutsideAuthentication(
    authenticationSource(read(...argv)),
    { own: { issuers: [], audiences: [] }, egress: undefined, ports: simPorts() },
    stop.signal,
  )

function fileOf(name: string, anonymous: string): string {
  const path = join(folder, name)
  const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n'
  writeFileSync(path, `${head}${anonymous}`)
  return `--authentication-config=${path}`
}

test('nobody comes without a credential where --anonymous-auth says so, also beside a file that says nothing', async () => {
  expect((await open()).allowsAnonymous('/livez')).toBe(true)
  expect((await open('--anonymous-auth=true')).allowsAnonymous('/livez')).toBe(true)
  expect((await open('--anonymous-auth=false')).allowsAnonymous('/livez')).toBe(false)
  const silent = fileOf('silent.yaml', '')
  expect((await open(silent, '--anonymous-auth=false')).allowsAnonymous('/livez')).toBe(false)
}, 60_000)

test('a file and a flag do not both speak of the anonymous', async () => {
  const file = fileOf('speaks.yaml', 'anonymous: {enabled: true}\n')
  let said = ''
  try {
    await open(file, '--anonymous-auth=true')
  } catch (error) {
    said = String(error)
  }
  expect(said).toContain(
    'anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
  )
}, 60_000)

test('audit flags are read for both backends, and what cannot be is refused in upstream’s words', () => {
  const webhook = '--audit-webhook-config-file=/kc'
  expect(auditSource(read(webhook)).webhook).toEqual({
    ...{ configFile: '/kc', mode: 'batch', backoffMs: 10_000 },
    batch: {
      ...{ bufferMax: 10_000, batchMax: 400, waitMaxMs: 30_000 },
      throttle: { perSecond: 10, burst: 15 },
    },
  })
  const log = ['--audit-log-path=-', '--audit-log-mode=batch', '--audit-log-truncate-enabled']
  expect(auditSource(read(...log)).log).toMatchObject({
    ...{ mode: 'batch', batch: { bufferMax: 10_000, batchMax: 1, waitMaxMs: 0, bytesMax: 10_485_760 } },
  })
  expect(() => auditSource(read(...log, '--audit-log-batch-throttle-enable'))).toThrow(
    'invalid audit batch log throttle QPS 0, must be a positive number',
  )
  expect(() => auditSource(read(...log, '--audit-log-truncate-max-batch-size=5'))).toThrow(
    'invalid audit truncate log max batch size 5, must be greater than max event size (102400)',
  )
})
