import type { ClusterRole, PolicyRule } from '../../api/types/rbac-v1.gen.ts'
import { applyFields } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import { labelSelectorFrom, matchesLabels } from '../../machinery/selector/index.ts'
import { clusterRoles } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'

/** Cluster roles that are made of others (upstream pkg/controller/clusterroleaggregation). */
export const clusterRoleAggregation = defineController<ClusterRole>({
  name: 'clusterrole-aggregation',
  identity: 'clusterrole-aggregation-controller',
  primary: clusterRoles,
  watches: [
    watched(
      clusterRoles,
      (_, store) =>
        store(clusterRoles)
          .list()
          .filter(isAggregated)
          .map(({ metadata }) => metadata.name!),
      (a, b) => jsonEqual(a.rules, b.rules) && jsonEqual(a.metadata.labels, b.metadata.labels),
    ),
  ],
  plan(role, view) {
    if (!isAggregated(role)) return []
    const rules = aggregatedRules(role, view)
    if (jsonEqual(rules, role.rules ?? [])) return []
    return [
      applyFields(clusterRoles, role, { rules }, { fieldManager: 'clusterrole-aggregation-controller' }),
    ]
  },
})

function isAggregated({ aggregationRule }: ClusterRole): boolean {
  return aggregationRule !== undefined
}

/** The rules of all selected roles in order of their names, each once. */
function aggregatedRules(role: ClusterRole, view: View): PolicyRule[] {
  const others = view
    .store(clusterRoles)
    .list()
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .toSorted((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1))
  const rules: PolicyRule[] = []
  for (const spec of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = labelSelectorFrom(spec)
    const selected = others.filter(({ metadata }) => matchesLabels(selector, metadata.labels))
    for (const rule of selected.flatMap(other => other.rules ?? []))
      if (!rules.some(known => jsonEqual(known, rule))) rules.push(rule)
  }
  return rules
}
