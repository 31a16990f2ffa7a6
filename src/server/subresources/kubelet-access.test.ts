import { expect, test } from 'bun:test'
import type { Node } from '../../api/types/core-v1.gen.ts'
import { endpointOf, splitProxyName } from './kubelet-access.ts'

const tls = { cert: 'CERT', key: 'KEY' }
const addresses = [
  { type: 'ExternalIP', address: '203.0.113.7' },
  { type: 'InternalIP', address: '192.0.2.7' },
  { type: 'InternalIP', address: '192.0.2.8' },
]
const node = { metadata: { name: 'n' }, status: { addresses } } as Node

test('a kubelet is asked at the first of its addresses of the type that is wanted most', () => {
  expect(endpointOf(node, tls).host).toBe('192.0.2.7')
  expect(endpointOf(node, { ...tls, addressTypes: ['Hostname', 'ExternalIP', 'InternalIP'] }).host).toBe(
    '203.0.113.7',
  )
  expect(() => endpointOf(node, { ...tls, addressTypes: ['Hostname'] })).toThrow(
    'no preferred addresses found; known addresses: [{ExternalIP 203.0.113.7} {InternalIP 192.0.2.7} {InternalIP 192.0.2.8}]',
  )
})

test('a name in a proxy path may carry a port, and a scheme before it', () => {
  const split = (text: string) => splitProxyName(text, 'node')
  expect(split('n1')).toEqual({ scheme: '', name: 'n1', port: '' })
  expect(split('n1:10250')).toEqual({ scheme: '', name: 'n1', port: '10250' })
  expect(split('https:n1:')).toEqual({ scheme: 'https', name: 'n1', port: '' })
  for (const wrong of [':10250', 'ftp:n1:21', 'http:n1:80:x'])
    expect(() => split(wrong)).toThrow(`invalid node request ${JSON.stringify(wrong)}`)
})
