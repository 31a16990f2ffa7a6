import type { Resource } from '../../api/define.ts'
import { createRegistry } from '../../api/registry.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { resourceInfo } from '../authz/resource-info.ts'
import type { AdmissionPlugin, AdmissionRequest, UserInfo } from '../context.ts'

/** What a test says about a request; the rest follows. */
export interface TestRequest {
  readonly operation?: AdmissionRequest['operation']
  /** `pods`, `apps/deployments`, `pods/status` as `pods` with `subresource`. */
  readonly what: string
  readonly subresource?: string
  readonly object?: object
  readonly oldObject?: object
  readonly name?: string
  readonly namespace?: string
  readonly user?: UserInfo
}

const builtin = createRegistry()

/** An admission request as the server would make it; the object is a copy. */
export function admissionRequest(given: TestRequest): AdmissionRequest {
  const [plural = '', group = ''] = given.what.split('/').toReversed()
  const object = given.object && (structuredClone(given.object) as KubeObject)
  const name = given.name ?? object?.metadata?.name ?? ''
  const namespace = given.namespace ?? object?.metadata?.namespace ?? ''
  const operation = given.operation ?? 'CREATE'
  const resource =
    builtin.find(group, 'v1', plural) ?? ({ group, plural, kind: '', version: 'v1' } as Resource)
  return {
    operation,
    resource,
    kind: resource,
    info: resourceInfo({
      ...{ verb: operation.toLowerCase(), group, version: 'v1', resource: plural, namespace, name },
      subresource: given.subresource ?? '',
    }),
    user: given.user ?? { username: 'ann', groups: ['system:authenticated'] },
    object,
    oldObject: given.oldObject as KubeObject | undefined,
    dryRun: false,
    options: {},
    warnings: [],
    context: { signal: new AbortController().signal },
    registry: builtin,
    reinvocation: { isReinvoke: false, isWanted: false },
  }
}

/** What came of a request: the object as it would be stored and the warnings, or the refusal. */
export interface Outcome {
  readonly object?: KubeObject
  readonly warnings: readonly string[]
  readonly refused?: string
  readonly code?: number
}

/** Runs one plugin as the chain does: `admit`, then `validate`. */
export async function run(plugin: AdmissionPlugin, given: TestRequest): Promise<Outcome> {
  const request = admissionRequest(given)
  try {
    if (plugin.handles(request)) {
      await plugin.admit?.(request)
      await plugin.validate?.(request)
    }
    return { warnings: request.warnings, ...(request.object && { object: request.object }) }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return { warnings: request.warnings, refused: error.message, code: error.code }
  }
}
