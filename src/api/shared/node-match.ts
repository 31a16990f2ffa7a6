import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from '../types/core-v1.gen.ts'

/** Whether a node is one that a pod may be on: node selector and required affinity (component-helpers nodeaffinity). */
export function matchesRequired(node: Node, spec: PodSpec | undefined): boolean {
  const labels = node.metadata.labels ?? {}
  for (const key in spec?.nodeSelector) if (labels[key] !== spec.nodeSelector[key]) return false
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return terms === undefined || matchesAnyTerm(node, terms)
}

/** Terms are alternatives; one without any requirement matches nothing. */
export function matchesAnyTerm(node: Node, terms: readonly NodeSelectorTerm[]): boolean {
  return terms.some(
    term =>
      (term.matchExpressions?.length ?? 0) + (term.matchFields?.length ?? 0) > 0 && matchesTerm(node, term),
  )
}

/** All requirements of a term; one without any matches everything, as a preference does. */
export function matchesTerm(
  node: Node,
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
): boolean {
  const { labels = {}, name } = node.metadata
  const byLabel = matchExpressions.every(requirement => matches(labels[requirement.key], requirement))
  return byLabel && matchFields.every(requirement => matches(name, requirement))
}

function matches(actual: string | undefined, { operator, values = [] }: NodeSelectorRequirement): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual)
    case 'NotIn':
      return actual === undefined || !values.includes(actual)
    case 'Exists':
      return actual !== undefined
    case 'DoesNotExist':
      return actual === undefined
    case 'Gt':
      return isInteger(actual) && isInteger(values[0]) && BigInt(actual) > BigInt(values[0])
    case 'Lt':
      return isInteger(actual) && isInteger(values[0]) && BigInt(actual) < BigInt(values[0])
    default:
      return false
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^[+-]?\d+$/.test(text)
}
