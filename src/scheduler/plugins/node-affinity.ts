import { matchesRequired, matchesTerm } from '../../api/shared/node-match.ts'
import type { NodeSelectorTerm, Pod } from '../../api/types/core-v1.gen.ts'
import type { LabelTest } from '../../kernels/label-index.ts'
import { goOn, type PreFilterResult, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'
import { normalize } from './normalize.ts'

const name = 'NodeAffinity'

/** spec.nodeSelector and spec.affinity.nodeAffinity (component-helpers scheduling/corev1/nodeaffinity). */
export const nodeAffinity: SchedulerPlugin = {
  name,
  weight: 2,
  events: [
    { kind: 'nodeAdded', helps: (pod, { node }) => matchesRequired(node, pod.spec) },
    {
      kind: 'nodeUpdated',
      helps: (pod, { old, node, changes }) =>
        changes.has('labels') && matchesRequired(node, pod.spec) && !matchesRequired(old, pod.spec),
    },
  ],
  preFilter: ({ pod }) => (hasRequirements(pod) ? restrictByName(pod) : skip),
  filterColumns({ pod, snapshot }, mask) {
    const tests = columnTests(pod)
    if (tests) keep(mask, snapshot.labels.match(tests, mask.length))
    else
      keep(
        mask,
        mask.map((wanted, row) => (wanted && matchesRequired(snapshot.nodeAt(row)!.node!, pod.spec) ? 1 : 0)),
      )
  },
  filter: ({ pod }, { node }) =>
    node && matchesRequired(node, pod.spec)
      ? undefined
      : reject(name, "node(s) didn't match Pod's node affinity/selector", true),
  preScore: ({ pod }) => (preferredTerms(pod).length === 0 ? 'skip' : undefined),
  score: ({ pod }, { node }) =>
    preferredTerms(pod).reduce(
      (sum, { weight, preference }) => sum + (node && matchesTerm(node, preference) ? weight : 0),
      0,
    ),
  normalize: (_, rows, scores) => normalize(rows, scores),
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
