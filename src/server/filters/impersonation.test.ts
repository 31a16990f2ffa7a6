import { expect, test } from 'bun:test'
import { connect } from 'node:net'
import type { AuthorizationAttributes } from '../context.ts'
import { startTestServer } from '../testing.ts'

type Headers = readonly (readonly [string, string])[]

/** Asks who one is, with header lines exactly as they are given. */
async function whoAmI(port: number, headers: Headers): Promise<{ code: number; user: object }> {
  const body = JSON.stringify({ kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' })
  const lines: Headers = [
    ['Host', 'localhost'],
    ['Authorization', 'Bearer admin'],
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
    ['Connection', 'close'],
    ...headers,
  ]
  const head = `POST /apis/authentication.k8s.io/v1/selfsubjectreviews HTTP/1.1\r\n`
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const socket = connect(port, '127.0.0.1')
  socket.on('data', chunk => {
    text += String(chunk)
  })
  socket.on('end', () => resolve(text))
  socket.on('error', reject)
  socket.write(`${head}${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`)
  const answer = await promise
  const json = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1))
  return { code: Number(answer.split(' ')[1]), user: json.status?.userInfo }
}

test('each header line is one value, commas and all', async () => {
  const asked: AuthorizationAttributes[] = []
  const server = await startTestServer({
    authorizer: attributes => {
      asked.push(attributes)
      return { decision: 'allow', reason: '' }
    },
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const answer = await whoAmI(port, [
    ['Impersonate-User', 'doe, jane'],
    ['Impersonate-Group', 'CN=dev,OU=it'],
    ['Impersonate-Group', 'ops'],
    ['Impersonate-Extra-Scopes', 'a, b'],
    ['Impersonate-Extra-example.org%2Fteam', 'x'],
  ])
  expect(answer.user).toEqual({
    username: 'doe, jane',
    groups: ['CN=dev,OU=it', 'ops', 'system:authenticated'],
    extra: { scopes: ['a, b'], 'example.org/team': ['x'] },
  })
  const checks = asked.filter(({ info }) => info.verb === 'impersonate')
  expect(checks.map(({ info }) => `${info.resource}/${info.subresource} ${info.name}`)).toEqual([
    'users/ doe, jane',
    'groups/ CN=dev,OU=it',
    'groups/ ops',
    'userextras/scopes a, b',
    'userextras/example.org/team x',
  ])
  await server.shutdown()
}, 120_000)

test('groups of service accounts and of the anonymous are those that upstream adds', async () => {
  const server = await startTestServer()
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const groups = async (headers: Headers) =>
    ((await whoAmI(port, headers)).user as { groups: string[] }).groups
  expect(await groups([['Impersonate-User', 'system:serviceaccount:a:b']])).toEqual([
    'system:serviceaccounts',
    'system:serviceaccounts:a',
    'system:authenticated',
  ])
  expect(await groups([['Impersonate-User', 'system:anonymous']])).toEqual(['system:unauthenticated'])
  const both: Headers = [
    ['Impersonate-User', 'system:anonymous'],
    ['Impersonate-Group', 'system:authenticated'],
  ]
  expect(await groups(both)).toEqual(['system:authenticated', 'system:unauthenticated'])
  expect((await whoAmI(port, [['Impersonate-Group', 'g']])).code).toBe(400)
  await server.shutdown()
}, 120_000)
