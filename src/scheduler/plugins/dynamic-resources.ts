import { type Cycle, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'

const name = 'DynamicResources'

/**
 * Devices are not allocated (KEP-4381): a pod that claims some stays pending and says so. For all others the plugin
 * has the same words as upstream's.
 */
export const dynamicResources: SchedulerPlugin = {
  name,
  events: [{ kind: 'podUpdated', helps: (_, { changes }) => changes.has('claims') }],
  preFilter: cycle =>
    hasClaims(cycle)
      ? { outcome: 'reject', rejection: reject(name, 'dynamic resource allocation is not supported', true) }
      : skip,
  postFilter: cycle => ({
    success: false,
    message: hasClaims(cycle) ? 'still not schedulable' : 'no new claims to deallocate',
  }),
}

function hasClaims({ pod }: Cycle): boolean {
  return (pod.spec?.resourceClaims ?? []).length > 0
}
