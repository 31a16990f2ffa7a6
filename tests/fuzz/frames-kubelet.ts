#!/usr/bin/env bun
/**
 * A kubelet's streaming API alone: one pod, `streamed` in `default`, whose commands echo what goes in. Its certificate is
 * of the server whose data directory is given; prints its port.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { KubeletApi } from '../../src/kubelet/api/handlers.ts'
import { startApiServer } from '../../src/kubelet/api/server.ts'
import type { ApiOptions } from '../../src/kubelet/api/sources.ts'
import type { Session } from '../../src/kubelet/runtime/runtime.ts'
import { issueLeaf } from '../../src/server/pki/issue.ts'
import { realPorts } from '../../src/std/real-ports.ts'

/** Nobody else listens there: a port-forward to a port that chance has made reaches no neighbour. */
const podIp = '127.255.255.254'
const echoPort = 8080

const directory = Bun.argv[2] ?? ''
const ports = realPorts()
const tlsFile = (name: string) => readFileSync(join(directory, 'server/tls', name), 'utf8')
const ca = { certificate: tlsFile('kubelet-ca.crt'), key: tlsFile('kubelet-ca.key') }
const leaf = await issueLeaf(
  ca,
  {
    commonName: 'system:node:streamed',
    organizations: ['system:nodes'],
    names: ['127.0.0.1'],
    uses: ['serverAuth'],
  },
  { nowMs: ports.clock.nowMs(), random: ports.random },
)

function echo(): Promise<Session> {
  const stdin = new PassThrough()
  async function* output() {
    for await (const data of stdin) yield { stream: 'stdout' as const, data: data as Uint8Array }
  }
  return Promise.resolve({
    ...{ stdin, output: output(), resize: async () => {}, exitCode: async () => 0 },
    close: () => void stdin.end(),
  })
}

const pod = {
  metadata: { namespace: 'default', name: 'streamed', uid: 'streamed' },
  spec: { containers: [{ name: 'c' }] },
}
const containers = {
  list: async () => ({ containers: [{ id: 'c', name: 'c', state: 'running', attempt: 0, createdAtMs: 0 }] }),
  exec: echo,
  attach: echo,
}
const options = {
  ...{ ports, runtime: { containers }, machine: {}, config: {} },
  workers: () => ({ list: () => [{ pod, ips: [podIp], ended: false }] }),
}
const api = new KubeletApi(options as unknown as ApiOptions)
createServer(socket => socket.on('error', () => socket.destroy()).pipe(socket)).listen(echoPort, podIp)
const server = await startApiServer({
  ...{ api, gate: async () => 'allowed' as const, host: '127.0.0.1', port: 0 },
  tls: { cert: leaf.certificate, key: leaf.key, clientCa: ca.certificate },
})
console.log(server.port)
