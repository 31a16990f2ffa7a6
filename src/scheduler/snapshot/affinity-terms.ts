import type { Pod, PodAffinityTerm } from '../../api/types/core-v1.gen.ts'
import {
  formatSelector,
  isEverything,
  type LabelSelector,
  labelSelectorFrom,
  matchesLabels,
} from '../../machinery/selector/index.ts'

/** One term of a pod's affinity or anti-affinity, its selectors compiled. */
export interface AffinityTerm {
  readonly topologyKey: string
  readonly selector: LabelSelector
  /** Namespaces by name: the pod's own where the term says nothing. */
  readonly namespaces: readonly string[]
  /** Matches nothing where the term has none. */
  readonly namespaceSelector: LabelSelector
  /** Of a preferred term; 0 for a required one. */
  readonly weight: number
}

export type TermSort = 'affinity' | 'antiAffinity' | 'preferredAffinity' | 'preferredAntiAffinity'
export type PodTerms = Readonly<Record<TermSort, readonly AffinityTerm[]>>

/** The pod's terms; API validation keeps their selectors well formed. Remembered for each spec. */
export function affinityTerms(pod: Pod): PodTerms {
  const affinity = pod.spec?.affinity
  if (!affinity?.podAffinity && !affinity?.podAntiAffinity) return noTerms
  const known = remembered.get(affinity)
  if (known) return known
  const { podAffinity, podAntiAffinity } = affinity
  const required = (terms: readonly PodAffinityTerm[] | undefined) =>
    (terms ?? []).map(term => compile(pod, term, 0))
  const preferred = (
    terms: readonly { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined,
  ): AffinityTerm[] =>
    (terms ?? []).map(({ weight, podAffinityTerm }) => compile(pod, podAffinityTerm, weight))
  const terms: PodTerms = {
    affinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  }
  remembered.set(affinity, terms)
  return terms
}

const noTerms: PodTerms = {
  affinity: [],
  antiAffinity: [],
  preferredAffinity: [],
  preferredAntiAffinity: [],
}
const remembered = new WeakMap<object, PodTerms>()

function compile(pod: Pod, term: PodAffinityTerm, weight: number): AffinityTerm {
  const named = term.namespaces ?? []
  const own = named.length === 0 && !term.namespaceSelector
  return {
    topologyKey: term.topologyKey,
    selector: labelSelectorFrom(term.labelSelector),
    namespaces: own ? [pod.metadata.namespace!] : named,
    namespaceSelector: labelSelectorFrom(term.namespaceSelector),
    weight,
  }
}

/** Does the term of another pod mean `pod`, whose namespace has these labels? */
export function termMatches(
  { namespaces, namespaceSelector, selector }: AffinityTerm,
  pod: Pod,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): boolean {
  const inside =
    namespaces.includes(pod.metadata.namespace!) || matchesLabels(namespaceSelector, namespaceLabels)
  return inside && matchesLabels(selector, pod.metadata.labels)
}

/** The namespaces that a term means now; undefined for all. */
export function termNamespaces(
  { namespaces, namespaceSelector }: AffinityTerm,
  all: () => Iterable<{
    readonly name: string
    readonly labels: Readonly<Record<string, string>> | undefined
  }>,
): readonly string[] | undefined {
  if (isEverything(namespaceSelector)) return undefined
  if (namespaceSelector.nothing) return namespaces
  const selected = [...all()].filter(({ labels }) => matchesLabels(namespaceSelector, labels))
  return [...new Set([...namespaces, ...selected.map(({ name }) => name)])]
}

/** A term that pods on nodes carry, with the number of its carriers per row: equal terms are judged once. */
export interface CarriedTerm {
  readonly term: AffinityTerm
  readonly rows: ReadonlyMap<number, number>
}

/** The terms of all pods on nodes, by sort. */
export interface CarriedTerms {
  of(sort: TermSort): Iterable<CarriedTerm>
  change(pod: Pod, row: number, by: 1 | -1): void
}

export function createCarriedTerms(): CarriedTerms {
  const sorts = new Map<TermSort, Map<string, { term: AffinityTerm; rows: Map<number, number> }>>(
    termSorts.map(sort => [sort, new Map()]),
  )
  const changeOne = (sort: TermSort, term: AffinityTerm, row: number, by: 1 | -1) => {
    const carried = sorts.get(sort)!
    const key = keyOf(term)
    const entry = carried.get(key) ?? { term, rows: new Map<number, number>() }
    carried.set(key, entry)
    const left = (entry.rows.get(row) ?? 0) + by
    if (left !== 0) entry.rows.set(row, left)
    else entry.rows.delete(row)
    if (entry.rows.size === 0) carried.delete(key)
  }
  return {
    of: sort => sorts.get(sort)!.values(),
    change(pod, row, by) {
      const terms = affinityTerms(pod)
      if (terms === noTerms) return
      for (const sort of termSorts) for (const term of terms[sort]) changeOne(sort, term, row, by)
    },
  }
}

const termSorts: readonly TermSort[] = [
  'affinity',
  'antiAffinity',
  'preferredAffinity',
  'preferredAntiAffinity',
]

function keyOf({ topologyKey, selector, namespaces, namespaceSelector, weight }: AffinityTerm): string {
  const text = (of: LabelSelector) => (of.nothing ? '!' : formatSelector(of))
  return [topologyKey, weight, text(selector), namespaces.join(','), text(namespaceSelector)].join('|')
}
