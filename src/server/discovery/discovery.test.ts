import { expect, test } from 'bun:test'
import { metaSchema } from '../../api/schema/meta-schema.ts'
import { decodeMessage, openEnvelope } from '../../machinery/codec/index.ts'
import { startTestServer } from '../testing.ts'

const protobuf = 'application/vnd.kubernetes.protobuf'
const aggregated = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

test('what there is is told in every encoding, and in no other', async () => {
  const server = await startTestServer()
  const { port, close } = await server.listen({ port: 0, host: '127.0.0.1' })
  const ask = (path: string, accept: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept } })
  const binary = await ask('/apis/apps/v1', protobuf)
  const { kind, raw } = openEnvelope(await binary.bytes())
  expect(kind).toBe('APIResourceList')
  expect(decodeMessage(metaSchema(kind), raw)).toMatchObject({ groupVersion: 'apps/v1' })
  expect(await (await ask('/apis', 'application/yaml')).text()).toContain('kind: APIGroupList')
  const whole = await ask('/apis', `${protobuf};${aggregated}`)
  expect(whole.headers.get('content-type')).toBe(`${protobuf};${aggregated}`)
  expect(openEnvelope(await whole.bytes()).apiVersion).toBe('apidiscovery.k8s.io/v2')
  for (const path of ['/api', '/api/v1', '/apis/apps', '/apis/apps/v1', '/version']) {
    expect((await ask(path, 'text/plain')).status).toBe(406)
    // Generated clients put a slash behind each of them.
    const pages = await Promise.all([path, `${path}/`].map(each => ask(each, 'application/json')))
    const [plain, slashed] = await Promise.all(pages.map(page => page.text()))
    expect(slashed).toBe(plain!)
  }
  await close()
  await server.shutdown()
})
