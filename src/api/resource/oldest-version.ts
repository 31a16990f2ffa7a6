/** resource.k8s.io/v1beta1: requests and devices in one level more or less than later (pkg/apis/resource/v1beta1 conversion). */
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Conversion } from '../define.ts'
import type {
  DeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../types/resource-v1.gen.ts'
import type {
  DeviceRequest as OldDeviceRequest,
  ResourceClaim as OldResourceClaim,
  ResourceClaimSpec as OldResourceClaimSpec,
  ResourceClaimTemplate as OldResourceClaimTemplate,
  ResourceSlice as OldResourceSlice,
} from '../types/resource-v1beta1.gen.ts'

const group = 'resource.k8s.io'

/** What those are told who still use it. */
export function oldestDeprecation(kind: string): string {
  return `${group}/v1beta1 ${kind} is deprecated in v1.35+, unavailable in v1.38+`
}

function conversionOf<Old extends KubeObject, New extends KubeObject>(
  toNew: (object: Old) => Partial<New>,
  toOld: (object: New) => Partial<Old>,
): Conversion {
  return {
    toStorage: object => ({ ...object, ...toNew(object as Old), apiVersion: `${group}/v1` }),
    fromStorage: object => ({ ...object, ...toOld(object as New), apiVersion: `${group}/v1beta1` }),
  }
}

/** A request for one class says so in `exactly`; before, it did so itself. */
function toNewRequest({ name, firstAvailable, ...exactly }: OldDeviceRequest): DeviceRequest {
  const isExact = Object.values(exactly).some(value => value !== undefined && value !== '' && value !== 0)
  return {
    name,
    ...(firstAvailable && { firstAvailable }),
    ...(isExact && { exactly: { ...exactly, deviceClassName: exactly.deviceClassName ?? '' } }),
  }
}

function toOldRequest({ exactly, ...request }: DeviceRequest): OldDeviceRequest {
  const { deviceClassName, ...rest } = exactly ?? {}
  return { ...request, ...(deviceClassName && { deviceClassName }), ...rest }
}

function withRequests<A, B>(
  spec: { readonly devices?: { readonly requests?: readonly A[] } } | undefined,
  convert: (request: A) => B,
) {
  if (!spec?.devices?.requests) return spec
  return { ...spec, devices: { ...spec.devices, requests: spec.devices.requests.map(convert) } }
}

const toNewSpec = (spec: OldResourceClaimSpec | undefined) =>
  withRequests(spec, toNewRequest) as ResourceClaimSpec
const toOldSpec = (spec: ResourceClaimSpec | undefined) =>
  withRequests(spec, toOldRequest) as OldResourceClaimSpec

export const oldestClaims = conversionOf<OldResourceClaim, ResourceClaim>(
  ({ spec }) => (spec ? { spec: toNewSpec(spec) } : {}),
  ({ spec }) => (spec ? { spec: toOldSpec(spec) } : {}),
)

export const oldestTemplates = conversionOf<OldResourceClaimTemplate, ResourceClaimTemplate>(
  ({ spec }) => (spec?.spec ? { spec: { ...spec, spec: toNewSpec(spec.spec) } } : {}),
  ({ spec }) => (spec?.spec ? { spec: { ...spec, spec: toOldSpec(spec.spec) } } : {}),
)

/** What a device has lay in `basic`. */
export const oldestSlices = conversionOf<OldResourceSlice, ResourceSlice>(
  ({ spec }) => {
    if (!spec) return {}
    const { devices, nodeName, allNodes, ...rest } = spec
    return {
      spec: {
        ...rest,
        ...(nodeName && { nodeName }),
        ...(allNodes && { allNodes }),
        ...(devices && { devices: devices.map(({ basic, name }) => ({ name, ...basic })) }),
      },
    }
  },
  ({ spec }) => {
    if (!spec) return {}
    const { devices, ...rest } = spec
    return {
      spec: {
        ...rest,
        ...(devices && { devices: devices.map(({ name, ...basic }) => ({ name, basic })) }),
      },
    }
  },
)
