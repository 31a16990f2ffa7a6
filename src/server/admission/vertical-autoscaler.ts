import { type RecommendedAmounts, recommendedAmounts } from '../../api/autoscaling/vertical/pod-amounts.ts'
import { updateModeOf } from '../../api/autoscaling/vertical/policy.ts'
import {
  autoscalerOf,
  type ScaleAnswer,
  type TargetSource,
  type WellKnownKind,
} from '../../api/autoscaling/vertical/targets.ts'
import type { VerticalPodAutoscaler } from '../../api/autoscaling/vertical/types.ts'
import { validateAutoscaler } from '../../api/autoscaling/vertical/validate.ts'
import type { Resource } from '../../api/define.ts'
import type { LimitRange, Pod } from '../../api/types/core-v1.gen.ts'
import { resourceOfKind } from '../../client/catalog.ts'
import type { ResourceName } from '../../client/resource.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import { QuantityError } from '../../machinery/quantity/index.ts'
import { invalid } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../context.ts'
import type { Lister } from '../lister.ts'
import { createsPod, isAbout } from './refusal.ts'

const group = 'autoscaling.k8s.io'
const plural = 'verticalpodautoscalers'

/** Where the custom kind is stored: all that a lister needs to know of it. */
export const storedAutoscalers = {
  storage: { group, plural, version: 'v1' },
} as unknown as Resource<VerticalPodAutoscaler>

export interface AutoscalerSources {
  readonly autoscalers: Lister<VerticalPodAutoscaler>
  readonly limitRanges: Lister<LimitRange>
  readonly makers: Readonly<Record<WellKnownKind, Lister>>
  /** The Scale of an object, undefined where that is not there; asked in the server's own name. */
  readonly scaleOf: (
    resource: ResourceName,
    namespace: string,
    name: string,
  ) => Promise<ScaleAnswer | undefined>
}

/**
 * What upstream's vpa-admission-controller does as a webhook: pods ask from the start for what is recommended for them, and
 * autoscalers that make no sense are refused. A pod is never refused for it.
 */
export function verticalAutoscaler(sources: AutoscalerSources): AdmissionPlugin {
  return {
    name: 'VerticalPodAutoscaler',
    handles: request =>
      createsPod(request) ||
      ((request.operation === 'CREATE' || request.operation === 'UPDATE') && isAbout(request, group, plural)),
    async admit(request) {
      if (request.resource.plural === plural) checkAutoscaler(request)
      else await setAmounts(request, sources)
    },
  }
}

function checkAutoscaler(request: AdmissionRequest): void {
  const object = request.object as VerticalPodAutoscaler
  const errors = createFieldErrors()
  try {
    const old = request.oldObject as VerticalPodAutoscaler | undefined
    request.warnings.push(...validateAutoscaler(object, old, errors))
  } catch (error) {
    // What is of the wrong type the schema of the kind refuses afterwards, field by field.
    if (error instanceof TypeError || error instanceof QuantityError) return
    throw error
  }
  const { kind } = request.resource
  const name = request.info.name || object.metadata.name || ''
  if (errors.list.length > 0) throw invalid({ group, kind }, name, errors.list)
  if (object.spec.updatePolicy === undefined)
    Object.assign(object.spec, { updatePolicy: { updateMode: 'Recreate' } })
}

async function setAmounts(request: AdmissionRequest, sources: AutoscalerSources): Promise<void> {
  const { namespace } = request.info
  const candidates = sources.autoscalers
    .list(namespace)
    .filter(autoscaler => updateModeOf(autoscaler) !== 'Off')
  if (candidates.length === 0) return
  const pod = request.object as Pod
  const placed = { ...pod, metadata: { ...pod.metadata, namespace } }
  const autoscaler = await autoscalerOf(targetsOf(request, sources), placed, candidates)
  if (!autoscaler) return
  const amounts = recommendedAmounts(autoscaler, placed, sources.limitRanges.list(namespace))
  const notes = amounts.flatMap((own, index) => setContainer(pod, index, own))
  const updates = `Pod resources updated by ${autoscaler.metadata.name}: ${notes.join('; ')}`
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    ...(notes.length > 0 && { vpaUpdates: updates }),
    vpaObservedContainers: (pod.spec?.containers ?? []).map(({ name }) => name).join(', '),
  }
}

/** What is said of the container in the annotation; nothing where nothing was set. */
function setContainer(pod: Pod, index: number, { requests, limits, notes }: RecommendedAmounts): string[] {
  const container = pod.spec!.containers[index]!
  const held = container.resources
  const isBare = !held?.requests && !held?.limits
  if (!requests && !limits && !isBare) return []
  container.resources = {
    ...held,
    ...(requests && { requests: { ...held?.requests, ...requests } }),
    ...(limits && { limits: { ...held?.limits, ...limits } }),
  }
  const set = [
    ...Object.keys(requests ?? {}).map(name => `${name} request`),
    ...Object.keys(limits ?? {}).map(name => `${name} limit`),
  ]
  return [`container ${index}: ${[...notes, ...set].join(', ')}`]
}

function targetsOf({ registry }: AdmissionRequest, { makers, scaleOf }: AutoscalerSources): TargetSource {
  return {
    wellKnown: (kind, namespace, name) => makers[kind].get(namespace, name),
    async scale({ apiVersion, kind, name }, namespace) {
      const resource = resourceOfKind(registry, apiVersion, kind)
      const { group: wanted = '' } = fromApiVersion(apiVersion) ?? {}
      if (!resource) throw new Error(`no matches for kind "${kind}" in group "${wanted}"`)
      return await scaleOf(resource, namespace, name)
    },
  }
}
