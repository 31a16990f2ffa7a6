import { expect, test } from 'bun:test'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { MutatingAdmissionPolicy } from '../types/admissionregistration-v1beta1.gen.ts'
import { mutatingAdmissionPolicies, mutatingAdmissionPoliciesAlpha } from './mutating-admission-policy.ts'
import { mutatingAdmissionPolicyBindingsAlpha } from './mutating-admission-policy-binding.ts'

type Spec = NonNullable<MutatingAdmissionPolicy['spec']>

const resourceRules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }]
const apply = (expression: string) => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
})
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

function complaintsOf(spec: Spec): string[] {
  const policy: MutatingAdmissionPolicy = {
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules }, reinvocationPolicy: 'Never', ...spec },
  }
  mutatingAdmissionPolicies.strategy.setDefaults!(policy)
  const errors = createFieldErrors()
  mutatingAdmissionPolicies.strategy.validate!(policy, errors)
  return errors.list.map(({ field, message }) => `${field}: ${message}`)
}

test('a policy whose expressions give what they should is valid', () => {
  expect(
    complaintsOf({ mutations: [apply('Object{}'), patch('[JSONPatch{op: "remove", path: "/a"}]')] }),
  ).toEqual([])
})

test.each<[string, Spec, string]>([
  ['no mutation', {}, 'spec.mutations: Required value: mutations must contain at least one item'],
  ['no type', { mutations: [{ patchType: '' }] }, 'spec.mutations[0].patchType: Required value'],
  [
    'another type',
    { mutations: [{ patchType: 'X' }] },
    'spec.mutations[0].patchType: Unsupported value: "X": supported values: "ApplyConfiguration", "JSONPatch"',
  ],
  [
    'no expression',
    { mutations: [{ patchType: 'JSONPatch' }] },
    'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
  ],
  [
    'both',
    { mutations: [{ ...apply('Object{}'), ...{ jsonPatch: { expression: '[]' } } }] },
    'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
  ],
  [
    'another result',
    { mutations: [patch('[1]')] },
    'spec.mutations[0].jsonPatch.expression: Invalid value: "[1]": must evaluate to list(JSONPatch) but got list(int)',
  ],
  [
    'an unknown policy of reinvocation',
    { mutations: [apply('Object{}')], reinvocationPolicy: 'Maybe' },
    'spec.reinvocationPolicy: Unsupported value: "Maybe": supported values: "IfNeeded", "Never"',
  ],
  [
    'deletions',
    {
      mutations: [apply('Object{}')],
      matchConstraints: { resourceRules: [{ ...resourceRules[0]!, operations: ['DELETE'] }] },
    },
    'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
  ],
])('%s is refused', (_what, spec, complaint) => {
  expect(complaintsOf(spec)).toEqual([complaint])
})

test('the alpha version is told to be on its way out, and says what happens without params', () => {
  expect(mutatingAdmissionPoliciesAlpha.deprecation).toContain('is deprecated in v1.35+')
  const binding = { metadata: { name: 'b' }, spec: { policyName: 'p', paramRef: { name: 'x' } } }
  mutatingAdmissionPolicyBindingsAlpha.strategy.setDefaults!(binding)
  expect(binding.spec.paramRef).toEqual({ name: 'x', parameterNotFoundAction: 'Deny' } as never)
})
