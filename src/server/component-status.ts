import type { ComponentStatus } from '../api/types/core-v1.gen.ts'
import { notFound } from '../machinery/status/errors.ts'
import type { HealthCheck } from './http/health.ts'
import type { Reader } from './rest/call.ts'
import { selectionOf } from './rest/selection.ts'
import { unkept } from './rest/views.ts'

/** By name (`etcd-0`, `scheduler`): undefined when it is well, else why not. */
export type ComponentChecks = ReadonlyMap<string, HealthCheck['check']>

/** Answers the deprecated ComponentStatuses: made up on each read, by `Resource.reader`. */
export function componentStatusReader(checks: ComponentChecks): Reader {
  return async function readComponents(call) {
    const { context, resource } = call
    const { name, verb } = context.info
    const asked = verb === 'list' ? [...checks] : [...checks].filter(([each]) => each === name)
    const statuses = await Promise.all(asked.map(([each, check]) => statusOf(each, check)))
    if (verb === 'list') {
      const { matches } = selectionOf(call)
      const items = statuses.filter(matches).map(unkept)
      return { kind: 'list', status: 200, resource, list: { items, resourceVersion: '' } }
    }
    const [found] = statuses
    if (!found) throw notFound({ group: '', resource: 'componentstatus' }, name)
    return { kind: 'object', status: 200, object: found, resource, servable: unkept(found) }
  }
}

async function statusOf(name: string, check: HealthCheck['check']): Promise<ComponentStatus> {
  const error = await check()
  const health = error === undefined ? { status: 'True', message: 'ok' } : { status: 'False', error }
  return {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name },
    conditions: [{ type: 'Healthy', ...health }],
  }
}
