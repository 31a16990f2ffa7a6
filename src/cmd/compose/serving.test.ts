import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../std/log.ts'
import { parseFlags, withDefaults } from '../flags.ts'
import { flagReader } from '../server-flags.ts'
import { servingFlags } from '../serving-flags.ts'
import { followCertificates, servingSource, withConfigured } from './serving.ts'

const source = (...argv: string[]) =>
  servingSource(flagReader(withDefaults(servingFlags, parseFlags(servingFlags, argv).values)))

test('pairs of certificate and key keep their commas, and the names that follow', () => {
  const { named } = source(
    ...['--tls-sni-cert-key', 'a.crt,a.key', '--tls-sni-cert-key=b.crt,b.key:*.Example.org,example.org'],
  )
  expect(named).toEqual([
    { cert: 'a.crt', key: 'a.key', names: [] },
    { cert: 'b.crt', key: 'b.key', names: ['*.example.org', 'example.org'] },
  ])
})

test('limits are read under their names', () => {
  const argv = [
    '--tls-min-version=VersionTLS13',
    '--goaway-chance=0.01',
    '--http2-max-streams-per-connection=9',
  ]
  expect(source(...argv).limits).toEqual({
    ...{ minVersion: 'TLSv1.3', goawayChance: 0.01, streamsMax: 9, servesHttp2: true },
  })
  expect(source('--disable-http2-serving').limits.servesHttp2).toBe(false)
})

test.each([
  [['--goaway-chance=0.5'], '"0.5" is not a number between 0 and 0.02'],
  [['--tls-sni-cert-key=a.crt'], 'is not CERT,KEY'],
  [['--tls-cipher-suites=TLS_NOPE'], 'cipher suite "TLS_NOPE" is not available'],
  [['--tls-cert-file=a.crt'], '--tls-cert-file and --tls-private-key-file go together'],
])('%p is refused', (argv, message) => {
  expect(() => source(...argv)).toThrow(message)
})

test('files that are not there or hold no certificate are named', () => {
  const named = source('--tls-sni-cert-key=/nowhere.crt,/nowhere.key')
  expect(() => withConfigured(named, { cert: '', key: '' })).toThrow('--tls-sni-cert-key: ENOENT')
  expect(() => withConfigured(source(), { cert: 'x', key: 'y' })).toThrow('a certificate cannot be served')
})

test('a changed certificate is served without a restart, one that is not usable is left', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-serving-'))
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  const put = (text: string) => writeFileSync(certFile, text)
  put('first')
  writeFileSync(keyFile, 'key')
  const served: string[] = []
  const material = () => {
    const cert = readFileSync(certFile, 'utf8')
    if (cert === '' || cert === 'broken') throw new Error('no certificate')
    return { cert, key: 'key' }
  }
  const listener = { setTls: ({ cert }: { cert: string }) => void served.push(cert) }
  const named = source(`--tls-cert-file=${certFile}`, `--tls-private-key-file=${keyFile}`)
  const refused: unknown[] = []
  const log = { ...silentLogger, error: (_: string, fields?: object) => void refused.push(fields) }
  const stop = followCertificates(named, listener, material, { log })
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await Bun.sleep(10)
  }
  put('second')
  await until(() => served.at(-1) === 'second')
  refused.length = 0
  put('broken')
  await until(() => refused.length > 0)
  expect(served.at(-1)).toBe('second')
  put('third')
  await until(() => served.at(-1) === 'third')
  stop()
  rmSync(folder, { recursive: true })
}, 180_000)
