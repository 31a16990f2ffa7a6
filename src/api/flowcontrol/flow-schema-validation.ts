/** Rules of FlowSchemas (pkg/apis/flowcontrol/validation). */
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../types/flowcontrol-v1.gen.ts'
import { validateMandatorySchema } from './mandatory.ts'

const precedenceMax = 10000
const distinguishers = ['ByNamespace', 'ByUser']
const subjectKinds = ['Group', 'ServiceAccount', 'User']
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']
const any = '*'

/** A new or changed schema. */
export function validateFlowSchema(schema: FlowSchema, errors: FieldErrors): void {
  const { metadata, spec = {} as NonNullable<FlowSchema['spec']> } = schema
  const { matchingPrecedence: precedence = 0, distinguisherMethod: method } = spec
  validatePrecedence(precedence, metadata.name ?? '', 'spec.matchingPrecedence', errors)
  if (method && !distinguishers.includes(method.type))
    errors.notSupported('spec.distinguisherMethod.type', { Type: method.type }, distinguishers)
  const { name: level = '' } = spec.priorityLevelConfiguration ?? {}
  const path = 'spec.priorityLevelConfiguration.name'
  if (!level) errors.required(path, 'must reference a priority level')
  else invalidFor(errors, path, level, dns1123SubdomainErrors(level))
  spec.rules?.forEach((rule, i) => {
    validateRule(rule, `spec.rules[${i}]`, errors)
  })
  validateMandatorySchema(metadata.name ?? '', spec, errors)
  validateFlowStatus(schema, errors)
}

function validatePrecedence(value: number, name: string, path: string, errors: FieldErrors): void {
  if (value <= 0) errors.invalid(path, value, 'must be a positive value')
  if (value > precedenceMax) errors.invalid(path, value, `must not be greater than ${precedenceMax}`)
  if (value === 1 && name !== 'exempt')
    errors.invalid(path, value, "only the schema named 'exempt' may have matchingPrecedence 1")
}

function validateRule(rule: PolicyRulesWithSubjects, path: string, errors: FieldErrors): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule
  subjects.forEach((subject, i) => {
    validateSubject(subject, `${path}.subjects[${i}]`, errors)
  })
  if (subjects.length === 0) errors.required(`${path}.subjects`, 'subjects must contain at least one value')
  if (resourceRules.length + nonResourceRules.length === 0)
    errors.required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty')
  resourceRules.forEach((inner, i) => {
    validateResourceRule(inner, `${path}.resourceRules[${i}]`, errors)
  })
  nonResourceRules.forEach((inner, i) => {
    validateNonResourceRule(inner, `${path}.nonResourceRules[${i}]`, errors)
  })
}

const subjectFields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const
type SubjectKind = keyof typeof subjectFields

function validateSubject(subject: Subject, path: string, errors: FieldErrors): void {
  const { kind = '' } = subject
  if (!Object.hasOwn(subjectFields, kind)) return errors.notSupported(`${path}.kind`, kind, subjectKinds)
  const own = subjectFields[kind as SubjectKind]
  if (!subject[own]) errors.required(`${path}.${own}`, `${own} is required when subject kind is '${kind}'`)
  else if (own === 'serviceAccount') validateAccount(subject[own], `${path}.${own}`, errors)
  else if (!subject[own].name) errors.required(`${path}.${own}.name`)
  for (const [other, field] of Object.entries(subjectFields)) {
    if (field !== own && subject[field])
      errors.forbidden(`${path}.${field}`, `${field} is forbidden when subject kind is not '${other}'`)
  }
}

function validateAccount(
  { name = '', namespace = '' }: ServiceAccountSubject,
  path: string,
  errors: FieldErrors,
): void {
  if (!name) errors.required(`${path}.name`)
  else if (name !== any) invalidFor(errors, `${path}.name`, name, dns1123SubdomainErrors(name))
  if (!namespace) errors.required(`${path}.namespace`, 'must specify namespace for service account')
  else invalidFor(errors, `${path}.namespace`, namespace, dns1123LabelErrors(namespace))
}

function validateVerbs(given: readonly string[], path: string, errors: FieldErrors): void {
  if (given.length === 0) errors.required(path, 'verbs must contain at least one value')
  else if (given.includes(any)) {
    if (given.length > 1) errors.invalid(path, given, "if '*' is present, must not specify other verbs")
  } else if (!given.every(verb => verbs.includes(verb))) errors.notSupported(path, given, verbs)
}

function validateResourceRule(rule: ResourcePolicyRule, path: string, errors: FieldErrors): void {
  const { apiGroups = [], resources = [], namespaces = [] } = rule
  validateVerbs(rule.verbs ?? [], `${path}.verbs`, errors)
  if (apiGroups.length === 0)
    errors.required(`${path}.apiGroups`, 'resource rules must supply at least one api group')
  else onlyAny(apiGroups, 'api groups', `${path}.apiGroups`, errors)
  if (resources.length === 0)
    errors.required(`${path}.resources`, 'resource rules must supply at least one resource')
  else onlyAny(resources, 'resources', `${path}.resources`, errors)
  const at = `${path}.namespaces`
  if (namespaces.length === 0 && !rule.clusterScope) {
    const detail = 'resource rules that are not cluster scoped must supply at least one namespace'
    errors.required(at, detail)
  } else if (!onlyAny(namespaces, 'namespaces', at, errors)) validateNamespaces(namespaces, at, errors)
}

/** `*` stands alone. True when it is there. */
function onlyAny(given: readonly string[], what: string, path: string, errors: FieldErrors): boolean {
  if (!given.includes(any)) return false
  if (given.length > 1) errors.invalid(path, given, `if '*' is present, must not specify other ${what}`)
  return true
}

function validateNamespaces(namespaces: readonly string[], path: string, errors: FieldErrors): void {
  namespaces.forEach((name, i) => {
    for (const reason of dns1123LabelErrors(name))
      errors.invalid(
        `${path}[${i}]`,
        name,
        `each member of this list must be '*' or a DNS-1123 label; ${reason}`,
      )
  })
}

function validateNonResourceRule(rule: NonResourcePolicyRule, path: string, errors: FieldErrors): void {
  const { nonResourceURLs: urls = [] } = rule
  const at = `${path}.nonResourceURLs`
  validateVerbs(rule.verbs ?? [], `${path}.verbs`, errors)
  if (urls.length === 0) errors.required(at, 'nonResourceURLs must contain at least one value')
  else if (!onlyAny(urls, 'non-resource URLs', at, errors))
    urls.forEach((url, i) => {
      const reason = urlProblem(url)
      if (reason) errors.invalid(`${at}[${i}]`, url, reason)
    })
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty'
  if (url === '/') return undefined
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const wildcards = url.split(any).length - 1
  const isFine = wildcards === 0 || (wildcards === 1 && url.endsWith('/*'))
  return isFine ? undefined : 'wildcard can only do suffix matching'
}

/** Conditions have a type, each its own. */
export function validateFlowStatus(
  { status }: { readonly status?: { readonly conditions?: readonly { readonly type?: string }[] } },
  errors: FieldErrors,
): void {
  const seen = new Set<string>()
  status?.conditions?.forEach(({ type = '' }, i) => {
    const path = `status.conditions[${i}].type`
    if (seen.has(type)) errors.duplicate(path, type)
    seen.add(type)
    if (!type) errors.required(path)
  })
}
