/** Requests and limits (pkg/apis/core/validation validateResourceRequirements). */
import { dns1123LabelErrors } from '../../../machinery/meta/names.ts'
import { compareQuantity, formatQuantity, parseQuantity } from '../../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import {
  isHugePages,
  isOvercommitAllowed,
  validateAmount,
  validateContainerResourceName,
} from '../../shared/resource-names.ts'
import type { PodSpec, ResourceClaim, ResourceRequirements } from '../../types/core-v1.gen.ts'
import { aggregateContainers } from './pod-resources.ts'

/** Names, amounts, and requests within limits. `claimNames`: the pod's resource claims. */
export function validateResources(
  resources: ResourceRequirements | undefined,
  claimNames: ReadonlySet<string>,
  path: string,
  errors: FieldErrors,
): void {
  const { limits = {}, requests = {}, claims = [] } = resources ?? {}
  for (const name in limits) {
    validateContainerResourceName(name, `${path}.limits[${name}]`, errors)
    validateAmount(name, limits[name]!, `${path}.limits[${name}]`, errors)
  }
  for (const name in requests) {
    validateContainerResourceName(name, `${path}.requests[${name}]`, errors)
    validateAmount(name, requests[name]!, `${path}.requests[${name}]`, errors)
    validateWithinLimit(name, requests[name]!, limits[name], path, errors)
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.forbidden(path, 'HugePages require cpu or memory')
  }
  validateClaims(claims, claimNames, `${path}.claims`, errors)
}

/** Claims of the pod, or single requests of them, each once (validateResourceClaimNames). */
function validateClaims(
  claims: readonly ResourceClaim[],
  claimNames: ReadonlySet<string>,
  path: string,
  errors: FieldErrors,
): void {
  const seen = new Set<string>()
  const known = [...claimNames].toSorted()
  const listed = known.length === 0 ? ' which is empty' : `: ${known.join(', ')}`
  claims.forEach(({ name, request }, i) => {
    const at = `${path}[${i}]`
    if (!name) errors.required(at)
    else if (seen.has(name)) errors.duplicate(at, name)
    else {
      const key = request ? `${name}/${request}` : name
      if (request) invalidFor(errors, `${at}.request`, request, dns1123LabelErrors(request))
      if (seen.has(key)) errors.duplicate(at, key)
      else if (!request && [...seen].some(other => other.startsWith(`${name}/`))) errors.duplicate(at, name)
      seen.add(key)
    }
    if (name && !claimNames.has(name))
      errors.notFound(at, name, `must be one of the names in pod.spec.resourceClaims${listed}`)
  })
}

function validateWithinLimit(
  name: string,
  text: string,
  limit: string | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (limit === undefined) {
    if (!isOvercommitAllowed(name))
      errors.required(`${path}.limits`, 'Limit must be set for non overcommitable resources')
    return
  }
  const order = compareQuantity(parseQuantity(text), parseQuantity(limit))
  if (order !== 0 && !isOvercommitAllowed(name)) {
    errors.invalid(`${path}.requests`, text, `must be equal to ${name} limit of ${limit}`)
  } else if (order > 0)
    errors.invalid(`${path}.requests`, text, `must be less than or equal to ${name} limit of ${limit}`)
}

const podLevelNames = ['cpu', 'hugepages-', 'memory']

/** Resources of the pod as a whole (KEP-2837): they cover what the containers ask for. */
export function validatePodLevelResources(spec: PodSpec, path: string, errors: FieldErrors): void {
  const { resources } = spec
  if (!resources) return
  if (resources.claims) errors.forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level')
  for (const side of ['limits', 'requests'] as const) {
    for (const [name, text] of Object.entries(resources[side] ?? {})) {
      const at = `${path}.${side}[${name}]`
      if (!podLevelNames.includes(name) && !isHugePages(name)) errors.notSupported(at, name, podLevelNames)
      validateAmount(name, text, at, errors)
      if (side === 'requests') validateWithinLimit(name, text, resources.limits?.[name], path, errors)
    }
  }
  const total = aggregateContainers(spec, 'requests')
  for (const name in total) {
    const text = resources.requests?.[name]
    if (text === undefined || compareQuantity(total[name]!, parseQuantity(text)) <= 0) continue
    const detail = `must be greater than or equal to aggregate container requests of ${formatQuantity(total[name]!)}`
    errors.invalid(`${path}.requests[${name}]`, text, detail)
  }
  const most = aggregateContainers(spec, 'limits')
  for (const name in most) {
    const text = resources.limits?.[name]
    // Of huge pages nobody gets more than was asked for: the pod has to have what its containers have.
    if (!isHugePages(name) || text === undefined || compareQuantity(most[name]!, parseQuantity(text)) <= 0)
      continue
    const detail = `must be greater than or equal to aggregate container limits of ${formatQuantity(most[name]!)}`
    errors.invalid(`${path}.limits[${name}]`, text, detail)
  }
  validateContainerLimits(spec, path, errors)
}

function validateContainerLimits(spec: PodSpec, path: string, errors: FieldErrors): void {
  for (const [name, text] of Object.entries(spec.resources?.limits ?? {})) {
    for (const [index, { resources }] of spec.containers.entries()) {
      const own = resources?.limits?.[name]
      if (own === undefined || compareQuantity(parseQuantity(own), parseQuantity(text)) <= 0) continue
      const at = `${path}.containers[${index}][${name}].limits`
      errors.invalid(at, own, `must be less than or equal to pod limits of ${text}`)
    }
  }
}
