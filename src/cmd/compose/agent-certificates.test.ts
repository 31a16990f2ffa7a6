import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.ts'
import type { Transport } from '../../client/transport.ts'
import { createServingCertificateMeter } from '../../kubelet/metrics/serving-certificate.ts'
import { certificateFacts } from '../../server/pki/certificate.ts'
import { issueCa, issueLeaf, leafLifeMs, signRequest } from '../../server/pki/issue.ts'
import { silentLogger } from '../../std/log.ts'
import { createMetrics } from '../../std/metrics.ts'
import { realRandom } from '../../std/real-ports.ts'
import { agentCertificates } from './agent-certificates.ts'

test('both certificates are renewed in time, kept, and handed to the running API', async () => {
  let nowMs = Date.parse('2030-01-01T00:00:00Z')
  // Time passes only by sleeping.
  const setTimer = (delayMs: number, fn: () => void) => {
    nowMs += delayMs
    setImmediate(fn)
    return () => {}
  }
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, setTimer }
  const ports = { clock, random: realRandom, log: silentLogger, metrics: createMetrics() }
  const context = () => ({ nowMs, random: realRandom })
  const ca = await issueCa('test-ca', context())
  const dir = mkdtempSync(join(tmpdir(), 'hutch-agent-'))
  let asked: CertificateSigningRequest | undefined
  const transport: Transport = {
    async call({ resource, body }) {
      if (resource === 'nodes')
        return {
          metadata: { name: 'n1' },
          status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] },
        } as never
      asked = body as CertificateSigningRequest
      return { ...asked, metadata: { name: 'csr-1' } }
    },
    async watch(_, sink) {
      const pem = Buffer.from(asked!.spec.request, 'base64').toString()
      const use = asked!.spec.signerName.endsWith('serving') ? 'serverAuth' : 'clientAuth'
      const signed = await signRequest(ca, pem, { uses: [use], lifeMs: leafLifeMs }, context())
      const status = { certificate: Buffer.from(signed).toString('base64') }
      sink([{ type: 'MODIFIED', object: { ...asked!, metadata: { name: 'csr-1' }, status } as never }])
    },
  }
  const subject = { commonName: 'system:node:n1', organizations: ['system:nodes'], names: [] }
  const first = await issueLeaf(ca, { ...subject, uses: ['clientAuth'] }, context())
  const settings = {
    server: 'https://server',
    token: undefined,
    nodeName: 'n1',
    nodeIp: '192.0.2.1',
    dataDir: dir,
    agentDir: dir,
  }
  const certificates = agentCertificates({
    settings,
    ports,
    first,
    clientCa: ca.certificate,
    transport: () => transport,
  })
  const stop = new AbortController()
  const serving = await certificates.serving.first(stop.signal)
  expect(certificateFacts(serving.cert).names).toContain('192.0.2.1')
  const told = (series: string) =>
    Number(new RegExp(`^kubelet_${series} (\\S+)$`, 'm').exec(ports.metrics.text())?.[1] ?? Number.NaN)
  const serve = createServingCertificateMeter(ports)
  expect(ports.metrics.text()).toContain('kubelet_certificate_manager_server_ttl_seconds +Inf\n')
  serve(serving.cert)

  const adopted = new Promise<string>(resolve => certificates.serving.onRenewed(({ cert }) => resolve(cert)))
  const renewal = certificates.renewal(ports, stop.signal)
  const renewed = await adopted
  stop.abort()
  await renewal
  expect(renewed).not.toBe(serving.cert)
  serve(renewed)
  expect(told('certificate_manager_server_ttl_seconds')).toBeGreaterThan(0)
  expect(told('certificate_manager_server_rotation_seconds_count')).toBe(1)
  expect(told('certificate_manager_client_ttl_seconds')).toBeGreaterThan(0)
  expect(told('certificate_manager_client_expiration_renew_errors')).toBe(0)
  expect(told('server_expiration_renew_errors')).toBe(0)
  expect(nowMs).toBeLessThan(certificateFacts(serving.cert).notAfterMs)
  expect(readFileSync(join(dir, 'serving-kubelet.crt'), 'utf8')).toBe(renewed)
  expect(certificates.client().certificate).not.toBe(first.certificate)
  expect(readFileSync(join(dir, 'client-kubelet.crt'), 'utf8')).toBe(certificates.client().certificate)
  rmSync(dir, { recursive: true })
})
