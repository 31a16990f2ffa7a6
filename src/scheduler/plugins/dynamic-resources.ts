import { cycleState, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'

const name = 'DynamicResources'
const asked = cycleState<{ readonly claims: boolean }>()

/**
 * Devices are not allocated (KEP-4381): a pod that claims some stays pending and says so. For all others the plugin
 * has the same words as upstream's, also those for pods that another plugin's PreFilter stopped before this one's.
 */
export const dynamicResources: SchedulerPlugin = {
  name,
  events: [{ kind: 'podUpdated', helps: (_, { changes }) => changes.has('claims') }],
  preFilter(cycle) {
    const claims = (cycle.pod.spec?.resourceClaims ?? []).length > 0
    asked.keep(cycle, { claims })
    if (!claims) return skip
    return {
      outcome: 'reject',
      rejection: reject(name, 'dynamic resource allocation is not supported', true),
    }
  },
  postFilter(cycle) {
    if (!asked.has(cycle)) return { ends: true, message: 'not found' }
    const message = asked.of(cycle).claims ? 'still not schedulable' : 'no new claims to deallocate'
    return { ends: false, message }
  },
}
