import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simPorts } from '../../std/sim-ports.ts'
import { parseFlags, withDefaults } from '../flags.ts'
import { flagReader, serverFlags } from '../server-flags.ts'
import { openEgress } from './egress.ts'
import { serverSettings } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-egress-flags-'))
afterAll(() => rmSync(folder, { recursive: true }))

function open(selections: string, ...words: string[]) {
  const file = join(folder, 'egress.yaml')
  const head = 'apiVersion: apiserver.k8s.io/v1beta1\nkind: EgressSelectorConfiguration\negressSelections:\n'
  writeFileSync(file, head + selections)
  const given = [`--egress-selector-config-file=${file}`, ...words]
  return openEgress(
    serverSettings(flagReader(withDefaults(serverFlags, parseFlags(serverFlags, given).values))),
    simPorts(),
  )
}
const way = (name: string, connection: string) => `- {name: ${name}, connection: ${connection}}\n`
const proxy = '{proxyProtocol: GRPC, transport: {uds: {udsName: /s}}}'
const direct = '{proxyProtocol: Direct}'
const cluster = way('cluster', proxy)

test('a file names the ways; Direct is none', () => {
  const { cluster: to, controlplane } = open(cluster + way('controlplane', direct) + way('etcd', direct))
  expect([typeof to, typeof controlplane]).toEqual(['function', 'undefined'])
  expect(typeof open(way('controlplane', proxy)).controlplane).toBe('function')
  open(cluster, '--tracing-config-file=/t')
})

test.each([
  [cluster + way('etcd', proxy), [], 'etcd: only Direct is available'],
  [
    way('controlplane', proxy),
    ['--tracing-config-file=/t'],
    'what --tracing-config-file names is asked directly',
  ],
  [
    way('controlplane', proxy),
    ['--authentication-token-webhook-config-file=/t'],
    'what --authentication-token-webhook-config-file names is asked directly',
  ],
  [way('cluster', '{}'), [], 'service.connection.protocol: Unsupported value: ""'],
])('%j with %j is refused by name', (selections, words, why) => {
  expect(() => open(selections, ...words)).toThrow(why)
})
