import { namespaces } from '../../../api/core/namespace.ts'
import type { Pod } from '../../../api/types/core-v1.gen.ts'
import type { Lists } from '../../framework/handle.ts'
import { type AffinityTerm, termNamespaces } from '../../snapshot/affinity-terms.ts'
import type { PodSelection } from '../../snapshot/pod-counts.ts'

/** The labels of the pod's namespace; none of one that is not known. */
export function namespaceLabels(lists: Lists, pod: Pod): Readonly<Record<string, string>> | undefined {
  return lists.of(namespaces).get(undefined, pod.metadata.namespace!)?.metadata.labels
}

/** The pods that one term means now. */
export function selectionOf(lists: Lists, term: AffinityTerm): PodSelection {
  const known = () =>
    lists
      .of(namespaces)
      .list()
      .map(({ metadata }) => ({ name: metadata.name!, labels: metadata.labels }))
  return { namespaces: termNamespaces(term, known), selectors: [term.selector], skipTerminating: false }
}

/** The pods that all of these terms mean; undefined without terms. */
export function selectionOfAll(lists: Lists, terms: readonly AffinityTerm[]): PodSelection | undefined {
  const selections = terms.map(term => selectionOf(lists, term))
  const limited = selections.flatMap(({ namespaces: names }) => (names ? [names] : []))
  const [first, ...others] = limited
  return selections.length === 0
    ? undefined
    : {
        namespaces: first?.filter(name => others.every(names => names.includes(name))),
        selectors: selections.flatMap(({ selectors }) => selectors),
        skipTerminating: false,
      }
}
