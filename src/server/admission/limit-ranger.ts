import { aggregateContainers } from '../../api/core/pod/pod-resources.ts'
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
} from '../../api/types/core-v1.gen.ts'
import { parseQuantities, parseQuantity } from '../../machinery/quantity/index.ts'
import { aggregateText } from '../authz/rbac.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../context.ts'
import type { Lister } from '../lister.ts'
import { maxProblem, maxRequestProblem, minProblem, type Quantities, ratioProblem } from './limits.ts'
import { createsPod, isAbout, refusal } from './refusal.ts'

const annotation = 'kubernetes.io/limit-ranger'

/** Default requests and limits of containers, and bounds for pods and claims (plugin/pkg/admission/limitranger). */
export function limitRanger(limitRanges: Lister<LimitRange>): AdmissionPlugin {
  const rangesFor = ({ oldObject, info }: AdmissionRequest) =>
    oldObject?.metadata.deletionTimestamp ? [] : limitRanges.list(info.namespace)
  return {
    name: 'LimitRanger',
    handles: request =>
      createsPod(request) ||
      (request.operation === 'UPDATE' && isAbout(request, '', 'pods', 'resize')) ||
      ((request.operation === 'CREATE' || request.operation === 'UPDATE') &&
        isAbout(request, '', 'persistentvolumeclaims')),
    admit(request) {
      if (request.resource.plural !== 'pods') return
      for (const range of rangesFor(request)) setDefaults(request.object as Pod, range)
    },
    validate(request) {
      const problemsOf = request.resource.plural === 'pods' ? podProblems : claimProblems
      for (const range of rangesFor(request)) {
        const problems = (range.spec?.limits ?? []).flatMap(item => problemsOf(item, request.object as Pod))
        if (problems.length > 0) throw refusal(request, aggregateText(problems))
      }
    },
  }
}

function setDefaults(pod: Pod, range: LimitRange): void {
  const items = (range.spec?.limits ?? []).filter(item => item.type === 'Container')
  const requests = Object.assign({}, ...items.map(item => item.defaultRequest ?? {}))
  const limits = Object.assign({}, ...items.map(item => item.default ?? {}))
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap(item => fill(item, 'container', requests, limits)),
    ...(pod.spec?.initContainers ?? []).flatMap(item => fill(item, 'init container', requests, limits)),
  ]
  if (notes.length === 0) return
  const text = `LimitRanger plugin set: ${notes.join('; ')}`
  pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: text }
}

function fill(
  container: Container,
  kind: string,
  requests: Readonly<Record<string, string>>,
  limits: Readonly<Record<string, string>>,
): string[] {
  const resources = container.resources ?? {}
  const missing = (defaults: object, held: object = {}) =>
    Object.keys(defaults)
      .filter(name => !(name in held))
      .sort()
  const newRequests = missing(requests, resources.requests)
  const newLimits = missing(limits, resources.limits)
  if (newRequests.length + newLimits.length === 0) return []
  container.resources = {
    ...resources,
    ...((resources.limits || newLimits.length) && { limits: { ...limits, ...resources.limits } }),
    ...((resources.requests || newRequests.length) && { requests: { ...requests, ...resources.requests } }),
  }
  const note = (names: readonly string[], side: string) =>
    names.length ? [`${names.join(', ')} ${side} for ${kind} ${container.name}`] : []
  return [...note(newRequests, 'request'), ...note(newLimits, 'limit')]
}

function podProblems(item: LimitRangeItem, { spec }: Pod): string[] {
  if (!spec) return []
  if (item.type === 'Container') {
    return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
      boundProblems(item, parseQuantities(resources?.requests), parseQuantities(resources?.limits)),
    )
  }
  if (item.type !== 'Pod') return []
  return boundProblems(item, podTotal(spec, 'requests'), podTotal(spec, 'limits'))
}

/** Pod-level cpu and memory, where set, count instead of the containers' sum. */
function podTotal(spec: PodSpec, side: 'requests' | 'limits'): Quantities {
  const { cpu, memory } = parseQuantities(spec.resources?.[side])
  return { ...aggregateContainers(spec, side), ...(cpu && { cpu }), ...(memory && { memory }) }
}

function boundProblems(item: LimitRangeItem, requests: Quantities, limits: Quantities): string[] {
  const each = (bounds: Readonly<Record<string, string>> | undefined, check: typeof minProblem) =>
    Object.entries(bounds ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(
        ([name, bound]) =>
          check({ type: item.type, name, bound: parseQuantity(bound) }, requests, limits) ?? [],
      )
  return [
    ...each(item.min, minProblem),
    ...each(item.max, maxProblem),
    ...each(item.maxLimitRequestRatio, ratioProblem),
  ]
}

function claimProblems(item: LimitRangeItem, object: { readonly spec?: unknown }): string[] {
  if (item.type !== 'PersistentVolumeClaim') return []
  const requests = parseQuantities((object as PersistentVolumeClaim).spec?.resources?.requests)
  const each = (bounds: Readonly<Record<string, string>> | undefined, check: typeof minProblem) =>
    Object.entries(bounds ?? {}).flatMap(
      ([name, bound]) => check({ type: item.type, name, bound: parseQuantity(bound) }, requests, {}) ?? [],
    )
  return [...each(item.min, minProblem), ...each(item.max, maxRequestProblem)]
}
