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

function open(selections: string) {
  const file = join(folder, 'egress.yaml')
  const head = 'apiVersion: apiserver.k8s.io/v1beta1\nkind: EgressSelectorConfiguration\negressSelections:\n'
  writeFileSync(file, head + selections)
  const given = [`--egress-selector-config-file=${file}`]
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
  const ways = open(cluster + way('controlplane', direct) + way('etcd', direct))
  expect(ways).toEqual({ cluster: expect.any(Function), controlplane: undefined, etcd: undefined })
  expect(open(way('controlplane', proxy) + way('etcd', proxy))).toEqual({
    ...{ cluster: undefined, controlplane: expect.any(Function), etcd: expect.any(Function) },
  })
})

test.each([
  [way('cluster', '{}'), 'service.connection.protocol: Unsupported value: ""'],
  [cluster + cluster, 'Duplicate value: "cluster"'],
])('%j is refused by name', (selections, why) => {
  expect(() => open(selections)).toThrow(why)
})
