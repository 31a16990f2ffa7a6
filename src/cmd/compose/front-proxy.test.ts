import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueCa, issueLeaf } from '../../server/pki/issue.ts'
import type { Pki } from '../../server/pki/pki.ts'
import { type FlagValues, parseFlags, withDefaults } from '../flags.ts'
import { flagReader, serverFlags } from '../server-flags.ts'
import { frontProxySource, openFrontProxy } from './front-proxy.ts'
import { folderOfTests } from './testing.ts'

const { folder, stop, ports, context } = folderOfTests('front-proxy')
const [users, proxies, theirs] = await Promise.all(
  ['users', 'proxies', 'theirs'].map(name => issueCa(name, context)),
)
const leafOf = (name: string) =>
  issueLeaf(
    theirs!,
    { commonName: name, organizations: [], names: [], uses: ['clientAuth'] as const },
    context,
  )
const [shown, other] = await Promise.all([leafOf('proxy'), leafOf('other')])
const certificates = new Map([['client-auth-proxy', { certificate: 'own certificate', key: 'own key' }]])
const own = {
  certificates,
  authorities: { 'client-ca': users, 'request-header-ca': proxies },
} as unknown as Pki
const believing = (authority: typeof users) =>
  ({ ...own, authorities: { ...own.authorities, 'request-header-ca': authority } }) as Pki

const given = (...words: string[]) => {
  const values: FlagValues = withDefaults(serverFlags, parseFlags(serverFlags, words).values)
  return frontProxySource(flagReader(values))
}
const open = (source: ReturnType<typeof given>, trusted = believing(theirs)) =>
  openFrontProxy(source, { own: () => own, trusted: () => trusted, changed() {} }, ports, stop.signal)

async function complaint(work: () => unknown): Promise<string> {
  try {
    await work()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test("without flags the cluster's own proxy is believed by the usual headers", async () => {
  const proxy = (await open(given(), own))()
  expect(proxy.cert).toBe('own certificate')
  expect(proxy.requestHeaderCa.trim()).toBe(proxies!.certificate.trim())
  expect(proxy.requestHeaders).toMatchObject({ allowedNames: ['front-proxy-client'], uid: ['X-Remote-Uid'] })
})

test('with authorities of a file only what flags name counts; what is shown stays believed', async () => {
  const source = given('--requestheader-client-ca-file=/x', '--requestheader-group-headers=X-A,X-B')
  expect(source.rules).toEqual({
    allowedNames: [],
    username: [],
    uid: [],
    group: ['X-A', 'X-B'],
    extraPrefix: [],
  })
  const proxy = (await open(source))()
  expect(proxy.requestHeaderCa).toBe(`${theirs!.certificate.trimEnd()}\n${proxies!.certificate}`)
  const named = given('--requestheader-client-ca-file=/x', '--requestheader-allowed-names=gate')
  expect((await open(named))().requestHeaders?.allowedNames).toEqual(['gate', 'front-proxy-client'])
})

test('a pair of files is shown instead, and they alone are told', async () => {
  const [cert, key] = [join(folder, 'proxy.crt'), join(folder, 'proxy.key')]
  writeFileSync(cert, shown.certificate)
  writeFileSync(key, shown.key)
  const flags = ['--requestheader-client-ca-file=/x', `--proxy-client-cert-file=${cert}`]
  expect(await complaint(() => given(...flags))).toContain('go together')
  const source = given(...flags, `--proxy-client-key-file=${key}`)
  const proxy = (await open(source))()
  expect(proxy).toMatchObject({ cert: shown.certificate, key: shown.key })
  expect(proxy.requestHeaderCa.trim()).toBe(theirs!.certificate.trim())
  writeFileSync(key, other.key)
  expect(await complaint(() => open(source))).toContain('the private key does not match the certificate')
})

test('certificates of users could not name others: authorities overlap only with names of proxies', async () => {
  const flag = '--requestheader-client-ca-file=/x'
  expect(await complaint(() => open(given(flag), believing(users)))).toContain(
    'contain overlapping certificates; --requestheader-allowed-names must be specified',
  )
  expect(await complaint(() => open(given(flag, '--requestheader-allowed-names=a'), believing(users)))).toBe(
    '',
  )
  expect(await complaint(() => given('--requestheader-uid-headers=X-Other'))).toContain(
    'without specifying the standard X-Remote-Uid header',
  )
})
