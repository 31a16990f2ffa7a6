/** Devices that somebody uses already, for administration: only from labelled namespaces (KEP-5018). */
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { DeviceRequest, DeviceRequestAllocationResult } from '../types/resource-v1.gen.ts'

const label = 'resource.kubernetes.io/admin-access'

type Labels = Readonly<Record<string, string>>

/** A claim, or the template of one, that asks for such access (pkg/registry/resource AuthorizedForAdmin). */
export function authorizeRequests(
  requests: readonly DeviceRequest[] | undefined,
  labels: Labels,
  errors: FieldErrors,
): void {
  const index = requests?.findIndex(({ exactly }) => exactly?.adminAccess === true) ?? -1
  authorize(index, 'spec.devices.requests', labels, errors)
}

/** What a driver was given; access that was granted before stays (AuthorizedForAdminStatus). */
export function authorizeResults(
  results: readonly DeviceRequestAllocationResult[] | undefined,
  old: readonly DeviceRequestAllocationResult[] | undefined,
  labels: Labels,
  errors: FieldErrors,
): void {
  const isAdministrative = ({ adminAccess }: DeviceRequestAllocationResult) => adminAccess === true
  if (old?.some(isAdministrative)) return
  authorize(results?.findIndex(isAdministrative) ?? -1, 'status.allocation.devices.results', labels, errors)
}

function authorize(index: number, path: string, labels: Labels, errors: FieldErrors): void {
  if (index < 0 || labels[label] === 'true') return
  const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`
  errors.forbidden(`${path}[${index}].adminAccess`, detail)
}
