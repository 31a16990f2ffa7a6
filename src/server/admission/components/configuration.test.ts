import { expect, test } from 'bun:test'
import { componentFilesOf, readComponentConfiguration } from './configuration.ts'

const webhook = (more = '') => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: images}
webhooks:
- name: no-latest.hutch.local
  clientConfig: {url: "component:no-latest.wasm"}
  admissionReviewVersions: [v1]
  sideEffects: None
  rules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [pods]}]
${more}`

test('a configuration names the files that it asks, and has the defaults of a webhook', () => {
  const read = readComponentConfiguration(webhook())
  expect(componentFilesOf(read)).toEqual(['no-latest.wasm'])
  const [first] = 'validating' in read ? read.validating.webhooks! : []
  expect(first).toMatchObject({ failurePolicy: 'Fail', timeoutSeconds: 10, matchPolicy: 'Equivalent' })
})

test.each<[string, string, string]>([
  ['another kind', 'apiVersion: v1\nkind: Pod', 'it is neither a MutatingWebhookConfiguration nor'],
  [
    'an unknown field',
    webhook('  failurePolicies: Ignore'),
    'strict decoding error: unknown field "webhooks[0].failurePolicies"',
  ],
  [
    'a wrong value',
    webhook('  failurePolicy: Maybe'),
    'webhooks[0].failurePolicy: Unsupported value: "Maybe"',
  ],
  [
    'a service as target',
    webhook().replace('component:no-latest.wasm', 'https://a/'),
    'is not component:FILE.wasm',
  ],
  ['a file elsewhere', webhook().replace('component:', 'component:../'), 'is not component:FILE.wasm'],
])('%s is refused', (_what, text, message) => {
  expect(() => readComponentConfiguration(text)).toThrow(message)
})
