/** What roles and bindings share (pkg/apis/rbac/validation). */
import { nameIsDnsSubdomain, nameIsPathSegment } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { sameValue } from '../shared/same-field.ts'
import type { PolicyRule, RoleRef, Subject } from '../types/rbac-v1.gen.ts'

const rbacGroup = 'rbac.authorization.k8s.io'

interface Binding {
  readonly roleRef?: RoleRef
  readonly subjects?: readonly Subject[]
}

/** Rules of a Role (`namespaced`) or ClusterRole. */
export function validateRules(rules: readonly PolicyRule[], namespaced: boolean, errors: FieldErrors): void {
  rules.forEach((rule, i) => {
    validateRule(rule, namespaced, `rules[${i}]`, errors)
  })
}

function validateRule(rule: PolicyRule, namespaced: boolean, path: string, errors: FieldErrors): void {
  const { nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule
  if ((rule.verbs ?? []).length === 0)
    errors.required(`${path}.verbs`, 'verbs must contain at least one value')
  if (nonResourceURLs.length > 0) {
    const at = `${path}.nonResourceURLs`
    if (namespaced) errors.invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs')
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.invalid(
        at,
        nonResourceURLs,
        'rules cannot apply to both regular resources and non-resource URLs',
      )
    }
    return
  }
  if (apiGroups.length === 0)
    errors.required(`${path}.apiGroups`, 'resource rules must supply at least one api group')
  if (resources.length === 0)
    errors.required(`${path}.resources`, 'resource rules must supply at least one resource')
}

/** The role reference and the subjects of a binding. */
export function validateBinding(
  { roleRef, subjects }: Binding,
  roleKinds: readonly string[],
  errors: FieldErrors,
): void {
  const { apiGroup = '', kind = '', name = '' } = roleRef ?? {}
  if (apiGroup !== rbacGroup) errors.notSupported('roleRef.apiGroup', apiGroup, [rbacGroup])
  if (!roleKinds.includes(kind)) errors.notSupported('roleRef.kind', kind, roleKinds)
  if (!name) errors.required('roleRef.name')
  else invalidFor(errors, 'roleRef.name', name, nameIsPathSegment(name, false))
  subjects?.forEach((subject, i) => {
    validateSubject(subject, roleKinds.includes('Role'), `subjects[${i}]`, errors)
  })
}

function validateSubject(subject: Subject, namespaced: boolean, path: string, errors: FieldErrors): void {
  const { kind = '', name = '', namespace = '', apiGroup = '' } = subject
  if (!name) errors.required(`${path}.name`)
  if (kind === 'ServiceAccount') {
    if (name) invalidFor(errors, `${path}.name`, name, nameIsDnsSubdomain(name, false))
    if (apiGroup) errors.notSupported(`${path}.apiGroup`, apiGroup, [''])
    if (!namespaced && !namespace) errors.required(`${path}.namespace`)
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== rbacGroup) errors.notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup])
  } else errors.notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group'])
}

/** A binding that changed its role would grant under an old name: it must be made anew. */
export function validateRoleRefStays(binding: Binding, old: Binding, errors: FieldErrors): void {
  if (sameValue('k8s.io/api/rbac/v1.RoleRef', binding.roleRef, old.roleRef)) return
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {}
  errors.invalid('roleRef', { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef')
}

/** SetDefaults_RoleBinding: groups of the reference and of users and groups. */
export function setBindingDefaults(binding: { roleRef?: RoleRef; subjects?: Subject[] }): void {
  if (binding.roleRef) binding.roleRef.apiGroup ||= rbacGroup
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup
  }
}

const namesOf = (kind: string) => (binding: Binding) =>
  (binding.subjects ?? [])
    .filter(subject => subject.kind === kind)
    .map(({ name }) => name)
    .join(', ')

export const bindingCells = {
  Role: ({ roleRef }: Binding) => `${roleRef?.kind}/${roleRef?.name}`,
  Users: namesOf('User'),
  Groups: namesOf('Group'),
  ServiceAccounts: ({ subjects }: Binding) =>
    (subjects ?? [])
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ namespace, name }) => (namespace ? `${namespace}/${name}` : name))
      .join(', '),
}
