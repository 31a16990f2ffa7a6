/** Rules of ResourceClaims (pkg/apis/resource/validation). */
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import type {
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ResourceClaimSpec,
} from '../types/resource-v1.gen.ts'
import { validateDeviceTolerations } from './device-taints.ts'
import {
  configsMax,
  itemsMax,
  validateAttributeName,
  validateConfiguration,
  validateEach,
  validateLabelName,
  validateSelectors,
} from './shared-rules.ts'

const alternativesMax = 8
const allocationModes = ['All', 'ExactCount']
const unknownRequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

/** Names of requests, and of their alternatives behind a slash. */
export type RequestNames = ReadonlySet<string>

export function requestNames(spec: ResourceClaimSpec | undefined): RequestNames {
  const requests = spec?.devices?.requests ?? []
  return new Set(
    requests.flatMap(({ name = '', firstAvailable }) => [
      name,
      ...(firstAvailable ?? []).map(alternative => `${name}/${alternative.name ?? ''}`),
    ]),
  )
}

/** What a claim, or the template of one, asks for. */
export function validateClaimSpec(
  spec: ResourceClaimSpec | undefined,
  path: string,
  errors: FieldErrors,
): void {
  const { requests, constraints, config } = spec?.devices ?? {}
  const names = requestNames(spec)
  const at = `${path}.devices`
  const byName = ({ name = '' }: DeviceRequest) => name
  validateEach(requests, { max: itemsMax, check: validateRequest, key: byName }, `${at}.requests`, errors)
  const checkConstraint = (constraint: DeviceConstraint, place: string) =>
    validateConstraint(constraint, names, place, errors)
  validateEach(constraints, { max: configsMax, check: checkConstraint }, `${at}.constraints`, errors)
  validateEach(
    config,
    {
      max: configsMax,
      check(item, place) {
        validateRequestRefs(item.requests, names, `${place}.requests`, errors)
        validateConfiguration(item, place, errors)
      },
    },
    `${at}.config`,
    errors,
  )
}

const eitherOr = 'exactly one of `exactly` or `firstAvailable` is required'

function validateRequest(request: DeviceRequest, path: string, errors: FieldErrors): void {
  const { name, exactly, firstAvailable = [] } = request
  validateLabelName(name, `${path}.name`, errors)
  if (exactly && firstAvailable.length > 0)
    errors.invalid(path, null, `${eitherOr}, but multiple fields are set`)
  else if (exactly) validateExact(exactly, `${path}.exactly`, errors)
  else if (firstAvailable.length === 0) errors.required(path, eitherOr)
  else {
    const rules = { max: alternativesMax, check: validateAlternative, key: nameOf }
    validateEach(firstAvailable, rules, `${path}.firstAvailable`, errors)
  }
}

const nameOf = ({ name = '' }: DeviceSubRequest) => name

function validateAlternative(request: DeviceSubRequest, path: string, errors: FieldErrors): void {
  validateLabelName(request.name, `${path}.name`, errors)
  validateExact(request, path, errors)
}

type Exact = Omit<DeviceSubRequest, 'name'>

function validateExact(request: Exact, path: string, errors: FieldErrors): void {
  const { deviceClassName = '', allocationMode = '', count = 0 } = request
  if (!deviceClassName) errors.required(`${path}.deviceClassName`)
  else {
    const reasons = dns1123SubdomainErrors(deviceClassName)
    invalidFor(errors, `${path}.deviceClassName`, deviceClassName, reasons)
  }
  validateSelectors(request.selectors, `${path}.selectors`, errors)
  if (!allocationModes.includes(allocationMode))
    errors.notSupported(`${path}.allocationMode`, allocationMode, allocationModes)
  else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.invalid(`${path}.count`, count, 'must be greater than zero')
  } else if (count !== 0)
    errors.invalid(`${path}.count`, count, "must not be specified when allocationMode is 'All'")
  validateDeviceTolerations(request.tolerations, `${path}.tolerations`, errors)
}

function validateConstraint(
  constraint: DeviceConstraint,
  names: RequestNames,
  path: string,
  errors: FieldErrors,
): void {
  validateRequestRefs(constraint.requests, names, `${path}.requests`, errors)
  const { matchAttribute: attribute } = constraint
  const at = `${path}.matchAttribute`
  if (attribute === undefined) return errors.required(at)
  validateAttributeName(attribute, at, errors)
  if (!attribute.includes('/')) {
    const detail = 'a fully qualified name must be a domain and a name separated by a slash'
    errors.invalid(at, attribute, detail)
  }
}

export function validateRequestRefs(
  refs: readonly string[] | undefined,
  names: RequestNames,
  path: string,
  errors: FieldErrors,
): void {
  const check = (name: string, place: string) => validateRequestRef(name, names, place, errors)
  validateEach(refs, { max: itemsMax, check, key: name => name }, path, errors)
}

export function validateRequestRef(
  name: string,
  names: RequestNames,
  path: string,
  errors: FieldErrors,
): void {
  const parts = name.split('/')
  if (parts.length <= 2) for (const part of parts) validateLabelName(part, path, errors)
  if (!names.has(name)) errors.invalid(path, name, unknownRequest)
}
