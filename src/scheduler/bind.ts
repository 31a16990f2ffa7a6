import { pods } from '../api/core/pod.ts'
import { type Client, strategicPatch } from '../client/client.ts'
import { type EventRecorder, referenceTo } from '../client/events.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { isNotFound } from '../machinery/status/errors.ts'
import { messageOf } from '../std/message.ts'
import { measured, measuredWait } from './framework/meter.ts'
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
    measured(cycle, 'Reserve', () => {
      for (const plugin of plugins) {
        reserved.unshift(plugin)
        refuse(plugin.reserve?.(cycle, node))
      }
    })
    if (plugins.some(plugin => plugin.preparesBinding?.(cycle, node))) await announce(client, cycle, node)
    await measuredWait(cycle, 'Permit', async () => {
      for (const plugin of plugins) if (plugin.permit) refuse(await plugin.permit(cycle, node))
    })
    await measuredWait(cycle, 'PreBind', async () => {
      for (const plugin of plugins)
        if (plugin.preBind) refuse(await inStep(plugin.name, 'PreBind', plugin.preBind(cycle, node)))
    })
    const binder = plugins.find(plugin => plugin.bind)
    await measuredWait(cycle, 'Bind', () =>
      binder
        ? inStep(binder.name, 'Bind', binder.bind!(cycle, node))
        : inStep('DefaultBinder', 'Bind', postBinding(client, cycle, node)),
    )
  } catch (error) {
    measured(cycle, 'Unreserve', () => {
      for (const plugin of reserved) plugin.unreserve?.(cycle, node)
    })
    throw error
  }
  measured(cycle, 'PostBind', () => {
    for (const plugin of plugins) plugin.postBind?.(cycle, node)
  })
  const { namespace, name } = cycle.pod.metadata
  const message = `Successfully assigned ${namespace}/${name} to ${node.name}`
  recorder.record(referenceTo(pods, cycle.pod), {
    type: 'Normal',
    reason: 'Scheduled',
    action: 'Binding',
    message,
  })
}

/** Names the node beforehand when binding takes a while (KEP-5278). */
async function announce(client: Client, { pod }: Cycle, { name: nodeName }: NodeInfo): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  const body = { metadata: { uid }, status: { nominatedNodeName: nodeName } }
  await client.patch(pods, namespace, name!, { type: strategicPatch, body, subresource: 'status' })
}

type Step = 'PreBind' | 'Bind'

/** A placement that came to nothing, and at which step. After `Bind` the API may have bound the pod all the same. */
export class BindingError extends Error {
  override name = 'BindingError'
  readonly step: Step

  constructor(step: Step, message: string, options: ErrorOptions) {
    super(message, options)
    this.step = step
  }
}

/** Says where a failure came from, in upstream's words; what the API answered stays what it is. */
async function inStep<T>(plugin: string, step: Step, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isNotFound(error)) throw error
    const cause = messageOf(error)
    throw new BindingError(step, `running ${step} plugin "${plugin}": ${cause}`, { cause: error })
  }
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
