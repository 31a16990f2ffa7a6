import { expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { simPorts } from '../../std/sim-ports.ts'
import type { KubeletApi } from './handlers.ts'
import { startApiServer } from './server.ts'

/** A self-signed certificate of this name. */
function selfSigned(name: string) {
  const made = Bun.spawnSync(
    [
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      '-',
      '-out',
      '-',
    ],
    { stderr: 'ignore' },
  ).stdout.toString()
  const [key = ''] = /-----BEGIN PRIVATE KEY[\s\S]*?END PRIVATE KEY-----\n/.exec(made) ?? []
  const [cert = ''] = /-----BEGIN CERTIFICATE[\s\S]*?END CERTIFICATE-----\n/.exec(made) ?? []
  return { key, cert, clientCa: cert }
}

function shownName(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

const missing = Bun.which('openssl') ? undefined : 'openssl is not installed'
if (missing) console.warn(`SKIPPED: renewing the certificate of the kubelet's API (${missing})`)

test.skipIf(missing !== undefined)('a renewed certificate counts for the next connection', async () => {
  const api = { options: { ports: simPorts(1) } } as unknown as KubeletApi
  const first = {
    api,
    gate: async () => 'allowed' as const,
    tls: selfSigned('first'),
    host: '127.0.0.1',
    port: 0,
  }
  const server = await startApiServer(first)
  expect(await shownName(server.port)).toBe('first')
  server.setTls(selfSigned('renewed'))
  expect(await shownName(server.port)).toBe('renewed')
  await server.close()
})
