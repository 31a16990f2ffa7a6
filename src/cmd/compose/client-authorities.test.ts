import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificateAuthenticator } from '../../server/authn/certificate.ts'
import { issueCa, issueLeaf } from '../../server/pki/issue.ts'
import type { Pki } from '../../server/pki/pki.ts'
import { openClientAuthorities } from './client-authorities.ts'
import { folderOfTests } from './testing.ts'

const { folder, stop, ports, context } = folderOfTests('client-authorities')
const [own, first, second, stranger] = await Promise.all(
  ['own', 'first', 'second', 'stranger'].map(name => issueCa(name, context)),
)
const none = { clients: undefined, proxies: undefined }
const pki = { authorities: { 'client-ca': own } } as unknown as Pki

async function userOf(authority: typeof own, trust: (pki: Pki) => Pki): Promise<string | undefined> {
  const subject = { commonName: 'jane', organizations: ['dev'], names: [], uses: ['clientAuth'] } as const
  const { certificate } = await issueLeaf(authority!, subject, context)
  const der = Buffer.from(certificate.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  const authenticate = certificateAuthenticator(
    () => trust(pki).authorities['client-ca'].certificate,
    ports.clock,
  )
  return authenticate(new Uint8Array(der))?.username
}

test('certificates of all authorities of the file count, and of the own one, and of nobody else', async () => {
  const path = join(folder, 'ca.crt')
  writeFileSync(path, `${first!.certificate}${second!.certificate}`)
  let changes = 0
  const trust = await openClientAuthorities({ ...none, clients: path }, ports, stop.signal, () => changes++)
  const users = [own, first, second, stranger].map(authority => userOf(authority, trust))
  expect(await Promise.all(users)).toEqual(['jane', 'jane', 'jane', undefined])
  expect(trust(pki)).toBe(trust(pki))
  expect(changes).toBe(1)
}, 60_000)

test('without a file all stays as it is; one that holds no certificate is refused by name', async () => {
  const trust = await openClientAuthorities(none, ports, stop.signal, () => {})
  expect(trust(pki)).toBe(pki)
  const path = join(folder, 'none.crt')
  writeFileSync(path, 'no certificate')
  let said = ''
  try {
    await openClientAuthorities({ ...none, clients: path }, ports, stop.signal, () => {})
  } catch (error) {
    said = String(error)
  }
  expect(said).toContain(`--client-ca-file: ${path}: `)
}, 60_000)
