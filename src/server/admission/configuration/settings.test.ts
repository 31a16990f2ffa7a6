import { expect, test } from 'bun:test'
import { credentialsByHost } from '../../remote-review/kubeconfig.ts'
import { missingSettings, readPluginSettings } from './settings.ts'

const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n'
const files: Record<string, string> = {
  'limits.yaml':
    'apiVersion: eventratelimit.admission.k8s.io/v1alpha1\nkind: Configuration\nlimits: [{type: Server, qps: 1, burst: 2}]',
}
const read = (text: string) => readPluginSettings(text, path => files[path] ?? `no file ${path}`)

const podSecurity = `- name: PodSecurity
  configuration:
    apiVersion: pod-security.admission.config.k8s.io/v1
    kind: PodSecurityConfiguration
    defaults: {enforce: baseline, enforce-version: v1.30}
    exemptions: {usernames: [ann], namespaces: [kube-system]}
`

test('each plugin has its own part, within the file or in another one', () => {
  expect(read(`${head}- name: EventRateLimit\n  path: limits.yaml\n${podSecurity}`)).toEqual({
    EventRateLimit: [{ type: 'Server', qps: 1, burst: 2 }],
    PodSecurity: {
      defaults: {
        enforce: { level: 'baseline', version: 'v1.30' },
        audit: { level: 'privileged', version: 'latest' },
        warn: { level: 'privileged', version: 'latest' },
      },
      exemptions: { usernames: ['ann'], namespaces: ['kube-system'], runtimeClasses: [] },
    },
  })
})

test('a plugin that has no settings overlooks its own, as upstream', () => {
  expect(read(`${head}- name: LimitRanger\n  configuration: {a: 1}\n`)).toEqual({})
})

test('files from before there was such a kind are taken as they are', () => {
  expect(read('podNodeSelectorPluginConfig: {clusterDefaultNodeSelector: a=b}')).toEqual({
    PodNodeSelector: { clusterDefaultNodeSelector: 'a=b' },
  })
  expect(read('imagePolicy: {kubeConfigFile: /k}').ImagePolicyWebhook?.kubeConfigFile).toBe('/k')
})

test.each([
  ['a plugin that there is none of', '- name: Nope\n  path: x', 'admission plugin "Nope" is unknown'],
  ['an unknown field', '- name: PodSecurity\n  config: {}', 'unknown field "plugins[0].config"'],
  [
    'a wrong level',
    podSecurity.replace('baseline', 'tight'),
    'couldn\'t init admission plugin "PodSecurity": PodSecurity configuration error: enforce: must be one of privileged, baseline, restricted',
  ],
  [
    'a name twice',
    podSecurity.replace('[ann]', '[ann, ann]'),
    'exemptions.usernames[1]: Duplicate value: "ann"',
  ],
  [
    'a relative kubeconfig',
    '- name: ValidatingAdmissionWebhook\n  configuration: {apiVersion: apiserver.config.k8s.io/v1, kind: WebhookAdmissionConfiguration, kubeConfigFile: k}',
    'kubeConfigFile: Invalid value: "k": must be an absolute file path',
  ],
])('%s is refused with its place', (_what, body, message) => {
  expect(() => read(head + body)).toThrow(message)
})

test('plugins that cannot run without settings say so', () => {
  expect(missingSettings(['EventRateLimit'], {})).toContain('limits: Invalid value: null: must not be empty')
  expect(missingSettings(['ImagePolicyWebhook'], {})).toContain('no config specified')
  expect(missingSettings(['PodNodeSelector'], {})).toBeUndefined()
})

test('webhooks are shown the user that is named for their host, from the nearest name to the widest', () => {
  const user = (name: string) => `- {name: "${name}", user: {token: "${name}"}}`
  const users = ['hook.ns.svc:8443', 'hook.ns.svc', '*.svc', '*'].map(user).join('\n')
  const find = credentialsByHost(`users:\n${users}`, () => '')
  const shown = (host: string) => find(host)?.token
  expect(shown('hook.ns.svc:8443')).toBe('hook.ns.svc:8443')
  expect(shown('hook.ns.svc:443')).toBe('hook.ns.svc')
  expect(shown('other.ns.svc:443')).toBe('*.svc')
  expect(shown('example.org')).toBe('*')
  expect(credentialsByHost('users: []', () => '')('example.org')).toBeUndefined()
})
