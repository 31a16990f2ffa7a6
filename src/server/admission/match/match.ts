import type { RuleWithOperations } from '../../../api/types/admissionregistration-v1.gen.ts'
import { isEverything, type LabelSelector, matchesLabels } from '../../../machinery/selector/index.ts'
import { notFound } from '../../../machinery/status/errors.ts'
import type { AdmissionRequest } from '../../context.ts'
import type { MatchServices } from './services.ts'
import { type Admitted, equivalentsOf, type Match, namespaceOf, type ResourceName } from './versions.ts'

type Rule = Pick<RuleWithOperations, 'operations' | 'apiGroups' | 'apiVersions' | 'resources' | 'scope'> & {
  readonly resourceNames?: readonly string[]
}

/** What webhooks and policies ask of a request before they look at it. */
export interface Constraints {
  readonly rules: readonly Rule[]
  readonly excludeRules?: readonly Rule[]
  /** Whatever the rules say. */
  readonly matchesAll?: boolean
  /** Another version of the same objects counts too (matchPolicy Equivalent). */
  readonly isEquivalent: boolean
  readonly namespaceSelector: LabelSelector
  readonly objectSelector: LabelSelector
}

/**
 * The first way in which a request meets the constraints, or undefined (webhook/generic and policy/matching). 404 when the
 * namespace that a selector looks at is not there.
 */
export function findMatch(
  { namespaces }: Pick<MatchServices, 'namespaces'>,
  constraints: Constraints,
  admitted: Admitted,
): Match | undefined {
  const { request } = admitted
  const match = constraints.matchesAll
    ? { resource: request.resource, kind: request.kind }
    : matchRules(constraints.rules, constraints.isEquivalent, request)
  if (!match) return undefined
  const { excludeRules = [] } = constraints
  if (excludeRules.length > 0 && matchRules(excludeRules, constraints.isEquivalent, request)) return undefined
  if (!matchesObject(constraints.objectSelector, admitted)) return undefined
  return matchesNamespace(namespaces, constraints.namespaceSelector, admitted) ? match : undefined
}

function matchRules(
  rules: readonly Rule[],
  isEquivalent: boolean,
  request: AdmissionRequest,
): Match | undefined {
  const { resource, kind } = request
  if (rules.some(rule => matchesRule(rule, resource, request))) return { resource, kind }
  if (!isEquivalent) return undefined
  const others = equivalentsOf(request)
  if (others.length === 0) return undefined
  for (const rule of rules) {
    const other = others.find(each => matchesRule(rule, each.resource, request))
    if (other) return other
  }
  return undefined
}

function matchesRule(rule: Rule, resource: ResourceName, request: AdmissionRequest): boolean {
  return (
    names(rule.operations, request.operation) &&
    names(rule.apiGroups, resource.group) &&
    names(rule.apiVersions, resource.version) &&
    namesResource(rule.resources, resource.plural, request.info.subresource) &&
    isInScope(rule.scope, resource, request) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(request.info.name))
  )
}

function names(items: readonly string[] = [], wanted: string): boolean {
  return items.includes('*') || items.includes(wanted)
}

function namesResource(items: readonly string[] = [], plural: string, subresource: string): boolean {
  return items.some(item => {
    const [resource, sub = ''] = item.split('/', 2)
    return (resource === '*' || resource === plural) && (sub === '*' || sub === subresource)
  })
}

function isInScope(scope = '*', resource: ResourceName, request: AdmissionRequest): boolean {
  if (scope === '*') return true
  const isNamespaced = !isNamespaceResource(resource) && namespaceOf(request) !== ''
  return scope === 'Namespaced' ? isNamespaced : !isNamespaced
}

function isNamespaceResource({ group, plural }: ResourceName): boolean {
  return group === '' && plural === 'namespaces'
}

function matchesObject(selector: LabelSelector, { object, oldObject }: Admitted): boolean {
  if (isEverything(selector)) return true
  return [object, oldObject].some(each => each?.metadata && matchesLabels(selector, each.metadata.labels))
}

function matchesNamespace(
  namespaces: MatchServices['namespaces'],
  selector: LabelSelector,
  { request, object }: Admitted,
): boolean {
  const namespace = namespaceOf(request)
  if (namespace === '' && request.resource.plural !== 'namespaces') return true
  if (isEverything(selector)) return true
  const { resource, info, operation } = request
  const writesNamespace = resource.plural === 'namespaces' && info.subresource === ''
  if (writesNamespace && (operation === 'CREATE' || operation === 'UPDATE'))
    return matchesLabels(selector, object?.metadata.labels)
  const found = namespaces.get('', namespace)
  if (!found) throw notFound({ group: '', resource: 'namespaces' }, namespace)
  return matchesLabels(selector, found.metadata.labels)
}
