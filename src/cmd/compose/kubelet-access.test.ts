import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueCa, issueLeaf } from '../../server/pki/issue.ts'
import type { Pki } from '../../server/pki/pki.ts'
import { parseFlags, withDefaults } from '../flags.ts'
import { flagReader, serverFlags } from '../server-flags.ts'
import { kubeletSource, openKubeletAccess } from './kubelet-access.ts'
import { folderOfTests } from './testing.ts'

const { folder, stop, ports, context } = folderOfTests('kubelet-access')
const other = await issueCa('other', context)
const pair = await issueLeaf(
  other,
  { commonName: 'server', organizations: [], names: [], uses: ['clientAuth'] },
  context,
)
const pki = {
  certificates: new Map([['client-kube-apiserver', { certificate: 'own certificate', key: 'own key' }]]),
  authorities: { 'kubelet-ca': { certificate: 'own authority', key: '' } },
} as unknown as Pki

const open = (...words: string[]) =>
  openKubeletAccess(
    kubeletSource(flagReader(withDefaults(serverFlags, parseFlags(serverFlags, words).values))),
    () => pki,
    { ports, dial: undefined },
    stop.signal,
  )

function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

test("kubelets are shown the cluster's own certificate and known by its authority, unless flags name others", async () => {
  const usual = await open()
  expect([usual.cert, usual.key, usual.ca]).toEqual(['own certificate', 'own key', 'own authority'])
  const named = await open(
    `--kubelet-client-certificate=${fileOf('cert', pair.certificate)}`,
    `--kubelet-client-key=${fileOf('key', pair.key)}`,
    `--kubelet-certificate-authority=${fileOf('ca', other.certificate)}`,
    '--kubelet-preferred-address-types=Hostname',
  )
  expect([named.cert, named.key, named.ca]).toEqual([pair.certificate, pair.key, other.certificate])
  expect(named.addressTypes).toEqual(['Hostname'])
})

test.each([
  [['--kubelet-client-key=/x'], '--kubelet-client-certificate and --kubelet-client-key go together'],
  [[`--kubelet-certificate-authority=${fileOf('none', 'nothing')}`], 'the file holds no certificate'],
])('%p is refused', async (words, why) => {
  let said = ''
  try {
    await open(...words)
  } catch (error) {
    said = (error as Error).message
  }
  expect(said).toContain(why)
})
