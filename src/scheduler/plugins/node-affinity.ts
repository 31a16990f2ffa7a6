import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../../api/types/core-v1.gen.ts'
import type { LabelTest } from '../../kernels/label-index.ts'
import { goOn, type PreFilterResult, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'
import { normalize } from './normalize.ts'

const name = 'NodeAffinity'

/** spec.nodeSelector and spec.affinity.nodeAffinity (component-helpers scheduling/corev1/nodeaffinity). */
export const nodeAffinity: SchedulerPlugin = {
  name,
  weight: 2,
  events: [
    {
      kind: 'nodeAdded',
      helps: (pod, event) => event.kind === 'nodeAdded' && matchesRequired(event.node, pod),
    },
    {
      kind: 'nodeUpdated',
      helps: (pod, event) =>
        event.kind === 'nodeUpdated' && event.changes.has('labels') && matchesRequired(event.node, pod),
    },
  ],
  preFilter: ({ pod }) => (hasRequirements(pod) ? restrictByName(pod) : skip),
  filterColumns({ pod, snapshot }, mask) {
    const tests = columnTests(pod)
    if (tests) keep(mask, snapshot.labels.match(tests, mask.length))
    else
      keep(
        mask,
        mask.map((wanted, row) => (wanted && matchesRequired(snapshot.nodeAt(row)!.node!, pod) ? 1 : 0)),
      )
  },
  filter: ({ pod }, { node }) =>
    node && matchesRequired(node, pod)
      ? undefined
      : reject(name, "node(s) didn't match Pod's node affinity/selector", true),
  preScore: ({ pod }) => (preferredTerms(pod).length === 0 ? 'skip' : undefined),
  score: ({ pod }, { node }) =>
    preferredTerms(pod).reduce(
      (sum, { weight, preference }) => sum + (node && matchesPreference(node, preference) ? weight : 0),
      0,
    ),
  normalize: (_, rows, scores) => normalize(rows, scores),
}

/** Also what the kubelet asks at admission: does this node satisfy the pod's required rules? */
export function matchesRequired(node: Node, pod: Pod): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {}))
    if (labels[key] !== value) return false
  const terms = requiredTerms(pod)
  return terms === undefined || terms.some(term => matchesTerm(node, term))
}

/** The required rules as tests of the label index, when it can answer them: one term, no fields, no ordering. */
function columnTests(pod: Pod): LabelTest[] | undefined {
  const selector = Object.entries(pod.spec?.nodeSelector ?? {}).map(([key, value]) => ({
    key,
    operator: '=' as const,
    values: [value],
  }))
  const terms = requiredTerms(pod)
  if (terms === undefined) return selector
  const [term, ...others] = terms
  const expressions = term?.matchExpressions ?? []
  if (others.length > 0 || expressions.length === 0 || (term?.matchFields ?? []).length > 0) return undefined
  const tests = expressions.flatMap(({ key, operator, values = [] }) => {
    const indexed = indexOperators[operator]
    return indexed ? [{ key, operator: indexed, values }] : []
  })
  return tests.length === expressions.length ? [...selector, ...tests] : undefined
}

const indexOperators: Readonly<Record<string, LabelTest['operator'] | undefined>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

function keep(mask: Uint8Array, selected: Uint8Array): void {
  for (let row = 0; row < mask.length; row++) mask[row]! &= selected[row]!
}

function hasRequirements(pod: Pod): boolean {
  return requiredTerms(pod) !== undefined || pod.spec?.nodeSelector !== undefined
}

function requiredTerms(pod: Pod): readonly NodeSelectorTerm[] | undefined {
  return pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
}

function preferredTerms(pod: Pod) {
  return pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
}

/** When every term names nodes (daemon pods do), only these come into question. */
function restrictByName(pod: Pod): PreFilterResult {
  const names = new Set<string>()
  const terms = requiredTerms(pod)
  if (!terms || terms.length === 0) return goOn
  for (const term of terms) {
    const lists = (term.matchFields ?? []).filter(
      field => field.key === 'metadata.name' && field.operator === 'In',
    )
    if (lists.length === 0) return goOn
    const [first, ...others] = lists.map(({ values }) => values ?? [])
    for (const value of first!) if (others.every(list => list.includes(value))) names.add(value)
  }
  if (names.size > 0) return { outcome: 'continue', nodeNames: names }
  return { outcome: 'reject', rejection: reject(name, 'pod affinity terms conflict', true) }
}

/** A term without any requirement matches nothing. */
function matchesTerm(node: Node, term: NodeSelectorTerm): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  return expressions.length + fields.length > 0 && matchesAll(node, expressions, fields)
}

/** A preference without any requirement matches everything. */
function matchesPreference(node: Node, term: NodeSelectorTerm): boolean {
  return matchesAll(node, term.matchExpressions ?? [], term.matchFields ?? [])
}

function matchesAll(
  node: Node,
  expressions: readonly NodeSelectorRequirement[],
  fields: readonly NodeSelectorRequirement[],
): boolean {
  const labels = node.metadata.labels ?? {}
  const byLabel = expressions.every(requirement => matchesRequirement(labels[requirement.key], requirement))
  return byLabel && fields.every(requirement => matchesRequirement(node.metadata.name, requirement))
}

function matchesRequirement(
  actual: string | undefined,
  { operator, values = [] }: NodeSelectorRequirement,
): boolean {
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
