/** Rules that choose requests, of webhooks and of policies (pkg/apis/admissionregistration/validation validateRule). */
import { nameIsPathSegment } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import type {
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../types/admissionregistration-v1.gen.ts'

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const scopes = ['*', 'Cluster', 'Namespaced']
const matchPolicies = ['Equivalent', 'Exact']

export function validateRule(rule: RuleWithOperations, path: string, errors: FieldErrors): void {
  const { apiGroups = [], apiVersions = [], resources = [], operations: named = [], scope } = rule
  const others = (field: string, values: readonly string[], what: string) => {
    if (values.length > 1 && values.includes('*'))
      errors.invalid(`${path}.${field}`, values, `if '*' is present, must not specify other ${what}`)
  }
  if (named.length === 0) errors.required(`${path}.operations`)
  others('operations', named, 'operations')
  for (const [i, operation] of named.entries()) {
    if (!operations.includes(operation))
      errors.notSupported(`${path}.operations[${i}]`, operation, operations)
  }
  if (apiGroups.length === 0) errors.required(`${path}.apiGroups`)
  others('apiGroups', apiGroups, 'API groups')
  if (apiVersions.length === 0) errors.required(`${path}.apiVersions`)
  others('apiVersions', apiVersions, 'API versions')
  for (const [i, version] of apiVersions.entries())
    if (version === '') errors.required(`${path}.apiVersions[${i}]`)
  validateResources(resources, `${path}.resources`, errors)
  if (scope !== undefined && !scopes.includes(scope)) errors.notSupported(`${path}.scope`, scope, scopes)
}

/** `pods`, `pods/status`, `pods/*`, each of them once at most. */
function validateResources(resources: readonly string[], path: string, errors: FieldErrors): void {
  if (resources.length === 0) errors.required(path)
  const wholeResources = new Set<string>()
  const wholeSubresources = new Set<string>()
  let hasPlain = false
  for (const [i, each] of resources.entries()) {
    const at = `${path}[${i}]`
    if (each === '') errors.required(at)
    const [resource = '', sub] = each.split(/\/(.*)/s)
    if (sub === undefined) {
      hasPlain = each !== '*'
      continue
    }
    if (wholeResources.has(resource))
      errors.invalid(at, each, `if '${resource}/*' is present, must not specify ${each}`)
    if (wholeSubresources.has(sub))
      errors.invalid(at, each, `if '*/${sub}' is present, must not specify ${each}`)
    if (sub === '*') wholeResources.add(resource)
    if (resource === '*') wholeSubresources.add(sub)
  }
  if (resources.length > 1 && resources.includes('*/*'))
    errors.invalid(path, resources, "if '*/*' is present, must not specify other resources")
  if (resources.includes('*') && hasPlain) {
    const detail = "if '*' is present, must not specify other resources without subresources"
    errors.invalid(path, resources, detail)
  }
}

/** What a policy or its binding is about. */
export function validateMatchResources(
  match: MatchResources | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (!match) return
  const { matchPolicy = '', namespaceSelector, objectSelector } = match
  if (!matchPolicies.includes(matchPolicy))
    errors.notSupported(`${path}.matchPolicy`, matchPolicy, matchPolicies)
  validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`, errors)
  validateLabelSelector(objectSelector, `${path}.objectSelector`, errors)
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [i, rule] of (match[field] ?? []).entries())
      validateNamedRule(rule, `${path}.${field}[${i}]`, errors)
  }
}

function validateNamedRule(rule: NamedRuleWithOperations, path: string, errors: FieldErrors): void {
  const seen = new Set<string>()
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    invalidFor(errors, `${path}.resourceNames[${i}]`, name, nameIsPathSegment(name, false))
    if (seen.has(name)) errors.duplicate(`${path}.resourceNames[${i}]`, name)
    seen.add(name)
  }
  validateRule(rule, path, errors)
}
