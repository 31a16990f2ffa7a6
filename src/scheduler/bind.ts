import { pods } from '../api/core/pod.ts'
import type { Client } from '../client/client.ts'
import { type EventRecorder, referenceTo } from '../client/events.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { Cycle, Rejection, SchedulerPlugin } from './framework/plugin.ts'
import type { NodeInfo } from './snapshot/node-info.ts'

interface Binder {
  readonly client: Client
  readonly recorder: EventRecorder
  readonly plugins: readonly SchedulerPlugin[]
}

/**
 * Reserve, Permit, PreBind, Bind and PostBind for a pod that has its node. Rejects when any of them refuses;
 * every reservation is then undone in reverse order, and the caller forgets the placement.
 */
export async function bindPod(
  { client, recorder, plugins }: Binder,
  cycle: Cycle,
  node: NodeInfo,
): Promise<void> {
  const reserved: SchedulerPlugin[] = []
  try {
    for (const plugin of plugins) {
      reserved.unshift(plugin)
      refuse(plugin.reserve?.(cycle, node))
    }
    for (const plugin of plugins) if (plugin.permit) refuse(await plugin.permit(cycle, node))
    for (const plugin of plugins) if (plugin.preBind) refuse(await plugin.preBind(cycle, node))
    const binder = plugins.find(plugin => plugin.bind)
    await (binder ? binder.bind!(cycle, node) : postBinding(client, cycle, node))
  } catch (error) {
    for (const plugin of reserved) plugin.unreserve?.(cycle, node)
    throw error
  }
  for (const plugin of plugins) plugin.postBind?.(cycle, node)
  const { namespace, name } = cycle.pod.metadata
  const message = `Successfully assigned ${namespace}/${name} to ${node.name}`
  recorder.record(referenceTo(pods, cycle.pod), { type: 'Normal', reason: 'Scheduled', message })
}

/** DefaultBinder: POST pods/NAME/binding. */
async function postBinding(client: Client, { pod }: Cycle, node: NodeInfo): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  const binding: KubeObject & { target: object } = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { namespace, name, uid },
    target: { kind: 'Node', name: node.name },
  }
  await client.subresource(pods, {
    verb: 'create',
    namespace,
    name: name!,
    subresource: 'binding',
    body: binding,
  })
}

function refuse(rejection: Rejection | undefined): void {
  if (rejection) throw new Error(`${rejection.plugin}: ${rejection.reasons.join(', ')}`)
}
