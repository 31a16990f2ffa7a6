/** Rules of what a scheduler and drivers report on a ResourceClaim (pkg/apis/resource/validation). */

import { validateConditions } from '../../machinery/validation/conditions.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { validateNodeSelector } from '../core/pod/node-selector.ts'
import { validateDriverName } from '../shared/driver-names.ts'
import { immutableField } from '../shared/same-field.ts'
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../types/resource-v1.gen.ts'
import {
  type RequestNames,
  requestNames,
  validateRequestRef,
  validateRequestRefs,
} from './claim-validation.ts'
import {
  configsMax,
  itemsMax,
  validateConfiguration,
  validateEach,
  validateLabelName,
  validatePoolName,
  validateRaw,
} from './shared-rules.ts'

const reservationsMax = 256
const conditionsMax = 8
const addressesMax = 16
const interfaceNameMax = 256
const hardwareAddressMax = 128
const sources = ['FromClaim', 'FromClass']

const statusType = 'k8s.io/api/resource/v1.ResourceClaimStatus'

export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim, errors: FieldErrors): void {
  const { reservedFor = [], devices, allocation } = claim.status ?? {}
  const byUid = ({ uid = '' }: ResourceClaimConsumerReference) => uid
  const reserved = { max: reservationsMax, check: validateConsumer, key: byUid }
  validateEach(reservedFor, reserved, 'status.reservedFor', errors)
  const allocated = new Set(allocation?.devices?.results?.map(deviceId) ?? [])
  const check = (device: AllocatedDeviceStatus, path: string) =>
    validateDeviceStatus(device, allocated, path, errors)
  const rules = { max: Number.POSITIVE_INFINITY, check, key: deviceParts }
  validateEach(devices, rules, 'status.devices', errors)
  if (reservedFor.length > 0) validateReservations(claim, old, errors)
  const before = old.status?.allocation
  if (before && allocation)
    immutableField(statusType, 'allocation', [claim.status, old.status], 'status.allocation', errors)
  else if (allocation) validateAllocation(allocation, requestNames(claim.spec), 'status.allocation', errors)
}

function validateReservations(claim: ResourceClaim, old: ResourceClaim, errors: FieldErrors): void {
  const path = 'status.reservedFor'
  if (!claim.status?.allocation)
    return errors.forbidden(path, 'may not be specified when `allocated` is not set')
  if (!claim.metadata.deletionTimestamp) return
  const known = new Set(old.status?.reservedFor?.map(({ uid }) => uid))
  if (claim.status.reservedFor?.some(({ uid }) => !known.has(uid))) {
    const detail = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
    errors.forbidden(path, detail)
  }
}

interface DeviceId {
  readonly driver?: string
  readonly pool?: string
  readonly device?: string
}

/** As upstream shows the key of a device that may be shared. */
function deviceParts({ driver = '', pool = '', device = '' }: DeviceId) {
  return { Driver: driver, Pool: pool, Device: device, ShareID: '' }
}

function deviceId(device: DeviceId): string {
  return JSON.stringify(deviceParts(device))
}

function validateConsumer(ref: ResourceClaimConsumerReference, path: string, errors: FieldErrors): void {
  for (const field of ['resource', 'name', 'uid'] as const)
    if (!ref[field]) errors.required(`${path}.${field}`)
}

function validateDeviceStatus(
  device: AllocatedDeviceStatus,
  allocated: ReadonlySet<string>,
  path: string,
  errors: FieldErrors,
): void {
  validateDriverName(device.driver, `${path}.driver`, errors)
  validatePoolName(device.pool, `${path}.pool`, errors)
  validateLabelName(device.device, `${path}.device`, errors)
  if (!allocated.has(deviceId(device)))
    errors.invalid(path, deviceParts(device), 'must be an allocated device in the claim')
  const { conditions = [], data } = device
  if (conditions.length > conditionsMax)
    errors.tooMany(`${path}.conditions`, conditions.length, conditionsMax)
  validateConditions(conditions, `${path}.conditions`, errors)
  if (data !== undefined) validateRaw(data, `${path}.data`, errors)
  if (device.networkData) validateNetwork(device.networkData, `${path}.networkData`, errors)
}

function validateNetwork(data: NetworkDeviceData, path: string, errors: FieldErrors): void {
  const { interfaceName = '', hardwareAddress = '' } = data
  if (interfaceName.length > interfaceNameMax) errors.tooLong(`${path}.interfaceName`, interfaceNameMax)
  if (hardwareAddress.length > hardwareAddressMax)
    errors.tooLong(`${path}.hardwareAddress`, hardwareAddressMax)
  const rules = { max: addressesMax, check: validateInterfaceAddress, key: (address: string) => address }
  validateEach(data.ips, rules, `${path}.ips`, errors)
}

const addressText = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'

function validateInterfaceAddress(address: string, path: string, errors: FieldErrors): void {
  if (!/^[0-9a-fA-F:.]+\/\d+$/.test(address)) errors.invalid(path, address, addressText)
}

function validateAllocation(
  { devices, nodeSelector }: AllocationResult,
  names: RequestNames,
  path: string,
  errors: FieldErrors,
): void {
  const checkResult = (result: DeviceRequestAllocationResult, place: string) =>
    validateResult(result, names, place, errors)
  const checkConfig = (config: DeviceAllocationConfiguration, place: string) =>
    validateConfig(config, names, place, errors)
  validateEach(devices?.results, { max: itemsMax, check: checkResult }, `${path}.devices.results`, errors)
  validateEach(devices?.config, { max: 2 * configsMax, check: checkConfig }, `${path}.devices.config`, errors)
  if (nodeSelector) validateNodeSelector(nodeSelector, `${path}.nodeSelector`, errors)
}

function validateResult(
  result: DeviceRequestAllocationResult,
  names: RequestNames,
  path: string,
  errors: FieldErrors,
): void {
  validateRequestRef(result.request ?? '', names, `${path}.request`, errors)
  validateDriverName(result.driver, `${path}.driver`, errors)
  validatePoolName(result.pool, `${path}.pool`, errors)
  validateLabelName(result.device, `${path}.device`, errors)
}

function validateConfig(
  config: DeviceAllocationConfiguration,
  names: RequestNames,
  path: string,
  errors: FieldErrors,
): void {
  const { source = '' } = config
  if (!source) errors.required(`${path}.source`)
  else if (!sources.includes(source)) errors.notSupported(`${path}.source`, source, sources)
  validateRequestRefs(config.requests, names, `${path}.requests`, errors)
  validateConfiguration(config, path, errors)
}
