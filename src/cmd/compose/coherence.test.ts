import { expect, test } from 'bun:test'
import { parseFlags, withDefaults } from '../flags.ts'
import { flagReader, serverFlags } from '../server-flags.ts'
import { requireCoherence } from './coherence.ts'
import { serverSettings } from './settings.ts'

const judge = (...words: string[]) =>
  requireCoherence(
    serverSettings(flagReader(withDefaults(serverFlags, parseFlags(serverFlags, words).values))),
  )

test.each([
  [['--cluster-cidr=10.43.128.0/17'], 'overlap'],
  [['--service-cidr=10.0.0.0/8'], 'overlap'],
  [['--cluster-dns=10.42.0.10'], 'is not in --service-cidr'],
  [['--cluster-dns=10.43.0.1'], 'is the address of the kubernetes Service'],
  [['--max-requests-inflight=0', '--max-mutating-requests-inflight=0'], 'are both 0'],
  [['--datastore-endpoint=memory', '--etcd-servers=http://192.0.2.1:2379'], 'are both given'],
  [['--etcd-servers=https://192.0.2.1:2379', '--etcd-certfile=a.crt'], 'needs its key'],
])('%j is refused', (words, problem) => {
  expect(() => judge(...words)).toThrow(problem)
})

test.each([
  [[]],
  [['--service-cidr=10.96.0.0/12', '--cluster-cidr=192.168.0.0/16']],
  [['--service-cidr=10.43.0.0/16,fd00:1::/112', '--cluster-cidr=10.42.0.0/16,fd00:2::/56']],
  [['--service-cidr=10.96.0.0/28', '--cluster-dns=10.96.0.14']],
  [['--max-requests-inflight=0']],
  [['--datastore-endpoint=http://192.0.2.1:2379,http://192.0.2.2:2379']],
  [['--etcd-servers=https://192.0.2.1:2379', '--etcd-prefix=/a', '--etcd-certfile=a', '--etcd-keyfile=b']],
])('%j fits together', words => {
  judge(...words)
})
