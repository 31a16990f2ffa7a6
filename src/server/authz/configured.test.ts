import { describe, expect, test } from 'bun:test'
import { silentLogger } from '../../std/log.ts'
import { createMetrics } from '../../std/metrics.ts'
import { SimClock } from '../../std/sim-ports.ts'
import { readAuthorizationConfiguration } from './configuration.ts'
import { createAuthorizationOrder } from './configured.ts'

const order = () => {
  const connected: string[] = []
  const made = createAuthorizationOrder({
    ...{ clock: new SimClock(0), log: silentLogger, metrics: createMetrics() },
    connect: file => {
      connected.push(file)
      return async () => ({ status: { allowed: true } })
    },
  })
  const configure = (list: string) =>
    made.configure(
      readAuthorizationConfiguration(
        `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers:\n${list}`,
      ),
    )
  return { ...made, connected, configure }
}

const own = '- {type: Node, name: node}\n- {type: RBAC, name: rbac}\n'
const webhook = (change = '') => `- type: Webhook
  name: hook
  webhook:
    timeout: 3s
    authorizedTTL: 1m
    unauthorizedTTL: 30s
    subjectAccessReviewVersion: v1
    matchConditionSubjectAccessReviewVersion: v1
    failurePolicy: Deny
    connectionInfo: {type: KubeConfigFile, kubeConfigFile: /etc/hook.yaml}
    ${change}
`

describe('AuthorizationConfiguration', () => {
  test('says who is asked, in its order; without one it is Node and RBAC', () => {
    const { list, configure, connected } = order()
    expect(list()).toEqual(['Node', 'RBAC'])
    configure(webhook() + own)
    const asked = list().map(entry => (typeof entry === 'string' ? entry : 'webhook'))
    expect(asked.join()).toBe('webhook,Node,RBAC')
    expect(connected).toEqual(['/etc/hook.yaml'])
  })

  test.each([
    [
      'there is no always-allow',
      '- {type: AlwaysAllow, name: a}\n',
      'authorizers[0].type: Unsupported value: "AlwaysAllow"',
    ],
    ['RBAC cannot be left out', '- {type: Node, name: node}\n', 'RBAC is missing'],
    [
      'a type comes once',
      `${own}- {type: RBAC, name: again}\n`,
      'authorizers[2].type: Duplicate value: "RBAC"',
    ],
    [
      'a name comes once',
      `${own}${webhook().replace('name: hook', 'name: rbac')}`,
      'authorizers[2].name: Duplicate value',
    ],
    [
      'a webhook needs its settings',
      `${own}- {type: Webhook, name: w}\n`,
      'authorizers[2].webhook: Required value',
    ],
    [
      'a condition compiles',
      own + webhook('matchConditions: [{expression: "request."}]'),
      'matchConditions[0].expression: Invalid value',
    ],
    [
      'a condition is a bool',
      own + webhook('matchConditions: [{expression: "1 + 1"}]'),
      'must evaluate to bool',
    ],
    [
      'a policy is one of two',
      own + webhook().replace('Deny', 'Allow'),
      'failurePolicy: Unsupported value: "Allow"',
    ],
    ['a wait is short', own + webhook().replace('timeout: 3s', 'timeout: 1m'), 'must be > 0s and <= 30s'],
  ])('%s', (_rule, list, message) => {
    const { list: listed, configure } = order()
    expect(() => configure(list)).toThrow(message)
    expect(listed()).toEqual(['Node', 'RBAC'])
  })
})
