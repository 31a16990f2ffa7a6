import { expect, test } from 'bun:test'
import { attributesOf, type Caller, createGate } from './gate.ts'

test('paths ask for the finest right first, and for proxy after it where it includes that', () => {
  const of = (method: string, path: string) => {
    const { verb, subresources } = attributesOf(method, path)
    return `${verb} ${subresources.join(' ')}`
  }
  expect(of('GET', '/pods')).toBe('get pods proxy')
  expect(of('GET', '/runningpods/')).toBe('get pods proxy')
  expect(of('GET', '/healthz/ping')).toBe('get healthz proxy')
  expect(of('GET', '/configz')).toBe('get configz proxy')
  expect(of('GET', '/stats/summary')).toBe('get stats')
  expect(of('GET', '/metrics/cadvisor')).toBe('get metrics')
  expect(of('GET', '/logs/')).toBe('get log')
  expect(of('POST', '/checkpoint/a/b/c')).toBe('create checkpoint')
  expect(of('POST', '/exec/a/b/c')).toBe('create proxy')
  expect(of('DELETE', '/podsandmore')).toBe('delete proxy')
})

test('one right of several is enough; without any the answer names them all', async () => {
  const gate = createGate({
    tokenUser: async token => (token === 'stale' ? undefined : { username: token, groups: [] }),
    mayUse: async ({ username }, _, subresource) => username === `may-${subresource}`,
  })
  const ask = (token: string | undefined) =>
    gate({ certificate: undefined, token, verb: 'get', subresources: ['pods', 'proxy'] })
  expect(await ask(undefined)).toBe('unauthenticated')
  expect(await ask('stale')).toBe('unauthenticated')
  expect(await ask('may-proxy')).toBe('allowed')
  expect(await ask('may-pods')).toBe('allowed')
  expect(await ask('eve')).toEqual({
    forbidden: 'Forbidden (user=eve, verb=get, resource=nodes, subresource(s)=[pods proxy])\n',
  })
})

test('a certificate says who asks, whatever token comes with it', async () => {
  const seen: Caller[] = []
  const gate = createGate({
    tokenUser: async () => ({ username: 'of-token', groups: [] }),
    mayUse: async user => seen.push(user) > 0,
  })
  const certificate = { commonName: 'jane', organizations: ['dev'] }
  expect(await gate({ certificate, token: 'one', verb: 'get', subresources: ['proxy'] })).toBe('allowed')
  expect(seen).toEqual([{ username: 'jane', groups: ['dev', 'system:authenticated'] }])
})
