import { expect, test } from 'bun:test'
import { createRegistry } from '../../api/registry.ts'
import { toOpenApiV3 } from './document.ts'

type Document = {
  paths: Record<string, Record<string, { requestBody: { content: object } }>>
  components: { schemas: Record<string, object> }
}

const registry = createRegistry()
const options = { version: 'v1.35.4', custom: () => undefined }
const core = toOpenApiV3(
  registry.all().filter(({ group, version }) => group === '' && version === 'v1'),
  options,
) as Document

test('every reference of a document is defined in it', () => {
  for (const [, name] of JSON.stringify(core).matchAll(/#\/components\/schemas\/([^"]+)"/g)) {
    expect(core.components.schemas).toHaveProperty([name!])
  }
})

test('kubectl finds merge keys and kinds where it looks for them', () => {
  const { schemas } = core.components
  const spec = schemas['io.k8s.api.core.v1.PodSpec']
  expect(spec).toMatchObject({
    properties: { containers: { 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-list-type': 'map' } },
  })
  const kinds = { 'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }] }
  expect(schemas['io.k8s.api.core.v1.Pod']).toMatchObject(kinds)
})

test('custom kinds do not offer the strategic merge that they do not take', () => {
  const pods = registry.find('', 'v1', 'pods')!
  const custom = { ...pods, custom: { prune: () => [], openApi: { type: 'object' } } }
  const document = toOpenApiV3([custom], options) as Document
  const types = Object.keys(
    document.paths['/api/v1/namespaces/{namespace}/pods/{name}']!.patch!.requestBody.content,
  )
  expect(types).not.toContain('application/strategic-merge-patch+json')
  expect(types).toContain('application/apply-patch+yaml')
})
