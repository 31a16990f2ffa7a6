import { type OracleCase, patch, send } from './case.ts'

const group = '/apis/admissionregistration.k8s.io/v1'
const kinds = { Mutating: 'mutatingwebhookconfigurations', Validating: 'validatingwebhookconfigurations' }
type Kind = keyof typeof kinds

const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }
const hook = (more: object) => ({
  name: 'hook.example.org',
  clientConfig: { url: 'https://h.example.org/x' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  rules: [rule],
  ...more,
})

const urls = [
  ...[
    'http://x/y',
    'https://u@h/x',
    'https://h/x?a=b',
    'https://h/x#f',
    'not a url',
    '',
    'https://',
    'https://h',
  ],
  ...['https://h:99999/', 'https://[::1]/x', 'https://h/%zz', 'HTTPS://h/x'],
]
const service = (more: object) => ({
  clientConfig: { service: { namespace: 'default', name: 's', ...more } },
})
const rules = (more: object) => ({ rules: [{ ...rule, ...more }] })
const condition = (name: string, expression: string) => ({ matchConditions: [{ name, expression }] })

/** What is odd about a webhook, by its title. */
const odd: Readonly<Record<string, object>> = {
  'unknown side effects': { sideEffects: 'Some' },
  'side effects of old': { sideEffects: 'Unknown' },
  'no side effects': { sideEffects: undefined },
  'too much time': { timeoutSeconds: 40 },
  'no time': { timeoutSeconds: 0 },
  'an unknown match': { matchPolicy: 'Loose' },
  'an unknown reinvocation': { reinvocationPolicy: 'Always' },
  'an unknown failure': { failurePolicy: 'Maybe' },
  'unknown versions': { admissionReviewVersions: ['v9'] },
  'versions that are no names': { admissionReviewVersions: ['v1', 'a b'] },
  'versions twice': { admissionReviewVersions: ['v1', 'v1'] },
  'no versions': { admissionReviewVersions: [] },
  'a name without dots': { name: 'hook' },
  'a name of two parts': { name: 'hook.example' },
  'a bad name': { name: 'Hook.Example.Org' },
  'a condition with a bad name': condition('a b', '1 + 1 == 2'),
  'a condition that is a number': condition('x', '1 + 1'),
  'a condition on what is no variable': condition('x', 'params.a'),
  'a condition on all variables': condition(
    'x',
    'has(object.metadata) && oldObject == null && request.name == ""',
  ),
  'a condition that does not parse': condition('x', 'object.'),
  'a condition on any field': condition('x', 'object.foo.bar.baz()'),
  'an empty condition': condition('x', ''),
  'conditions twice': { matchConditions: [1, 2].map(() => ({ name: 'x', expression: 'true' })) },
  'too many conditions': {
    matchConditions: Array.from({ length: 65 }, (_, i) => ({ name: `c${i}`, expression: 'true' })),
  },
  'a url and a service': { clientConfig: { url: 'https://h/x', service: { namespace: 'a', name: 'b' } } },
  'neither url nor service': { clientConfig: {} },
  'a service on port 0': service({ port: 0 }),
  'a service without a name': service({ name: '' }),
  'a relative path': service({ path: 'x' }),
  'a path of two slashes': service({ path: '//x' }),
  'a path with dots': service({ path: '/a/../b' }),
  'a path with a bad segment': service({ path: '/a b/c%' }),
  'a CA that is none': { clientConfig: { url: 'https://h/x', caBundle: 'Zm9v' } },
  'no rules': { rules: [] },
  'no operations': rules({ operations: [] }),
  'all operations and one': rules({ operations: ['*', 'CREATE'] }),
  'an unknown operation': rules({ operations: ['GET'] }),
  'all groups and one': rules({ apiGroups: ['*', 'apps'] }),
  'all resources and one': rules({ resources: ['*', 'pods'] }),
  'all below and one below': rules({ resources: ['*/*', 'pods/status'] }),
  'all scales and one': rules({ resources: ['*/scale', 'deployments/scale'] }),
  'a resource twice': rules({ resources: ['pods', 'pods'] }),
  'an empty resource': rules({ resources: [''] }),
  'an empty version': rules({ apiVersions: [''] }),
  'an unknown scope': rules({ scope: 'Everywhere' }),
  'a bad selector': { objectSelector: { matchExpressions: [{ key: 'a b', operator: 'Is' }] } },
  'a bad selector of namespaces': { namespaceSelector: { matchLabels: { a: 'b c' } } },
}

const tried = (kind: Kind, title: string, webhooks: readonly object[]): OracleCase =>
  send('POST', `${kind} hook: ${title}`, `${group}/${kinds[kind]}?dryRun=All`, {
    metadata: { name: 'oracle-hook' },
    webhooks,
  })

/** Configurations of webhooks with one thing that is odd. */
export const hookDefinitionCases: readonly OracleCase[] = (['Mutating', 'Validating'] as const).flatMap(
  kind => [
    ...urls.map(url => tried(kind, `url ${url || 'of nothing'}`, [hook({ clientConfig: { url } })])),
    ...Object.entries(odd).map(([title, more]) => tried(kind, title, [hook(more)])),
    tried(kind, 'two of one name', [hook({}), hook({})]),
    tried(kind, 'many faults', [
      hook(odd['no time']!),
      hook({ ...odd['a bad name'], ...odd['no operations'] }),
    ]),
    send('POST', `${kind} hook: make`, `${group}/${kinds[kind]}`, {
      metadata: { name: 'oracle-hook' },
      webhooks: [hook({ ...rules({ apiGroups: ['none.example.org'] }), failurePolicy: 'Ignore' })],
    }),
    ...Object.entries(odd).map(([title, more]) =>
      patch(`${kind} hook: changed to ${title}`, `${group}/${kinds[kind]}/oracle-hook?dryRun=All`, 'merge', {
        webhooks: [hook(more)],
      }),
    ),
    { name: `${kind} hook: remove`, method: 'DELETE', path: `${group}/${kinds[kind]}/oracle-hook` },
  ],
)
