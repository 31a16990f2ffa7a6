/** Rules of ResourceSlices (pkg/apis/resource/validation). */
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateNodeSelector } from '../core/pod/node-selector.ts'
import { validateDriverName } from '../shared/driver-names.ts'
import { internalValue } from '../shared/internal-value.ts'
import type { Device, DeviceAttribute, ResourcePool, ResourceSlice } from '../types/resource-v1.gen.ts'
import { validateDeviceTaints } from './device-taints.ts'
import { validateAttributeName, validateEach, validateLabelName, validatePoolName } from './shared-rules.ts'

const devicesMax = 128
const taintedDevicesMax = 64
const attributesMax = 32
const valueMax = 64
const keyMax = 96
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/

/** A new or changed slice. */
export function validateSlice({ spec }: ResourceSlice, errors: FieldErrors): void {
  validateDriverName(spec?.driver, 'spec.driver', errors)
  validatePool(spec?.pool ?? ({} as ResourcePool), 'spec.pool', errors)
}

/** What follows the fields that must stay, in upstream's order. */
export function validateSliceContent({ spec }: ResourceSlice, errors: FieldErrors): void {
  validatePlace(spec ?? {}, errors)
  const byName = ({ name = '' }: Device) => name
  const isTainted = spec?.devices?.some(({ taints = [] }) => taints.length > 0)
  const max = isTainted ? taintedDevicesMax : devicesMax
  validateEach(spec?.devices, { max, check: validateDevice, key: byName }, 'spec.devices', errors)
}

function validatePool(pool: ResourcePool, path: string, errors: FieldErrors): void {
  const { name, resourceSliceCount: count = 0, generation = 0 } = pool
  validatePoolName(name, `${path}.name`, errors)
  if (count <= 0) errors.invalid(`${path}.resourceSliceCount`, count, 'must be greater than zero')
  if (generation < 0)
    errors.invalid(`${path}.generation`, generation, 'must be greater than or equal to zero')
}

const onePlace = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'

function validatePlace(spec: Partial<NonNullable<ResourceSlice['spec']>>, errors: FieldErrors): void {
  const { nodeName, nodeSelector, allNodes } = spec
  const given: string[] = []
  if (nodeName) {
    given.push('`nodeName`')
    invalidFor(errors, 'spec.nodeName', nodeName, dns1123SubdomainErrors(nodeName))
  } else if (nodeName === '')
    errors.invalid('spec.nodeName', nodeName, 'must be either unset or set to a non-empty string')
  if (nodeSelector) {
    given.push('`nodeSelector`')
    validateNodeSelector(nodeSelector, 'spec.nodeSelector', errors)
    const { nodeSelectorTerms: terms = [] } = nodeSelector
    if (terms.length !== 1) {
      const shown = internalValue(selectorType, nodeSelector) as { NodeSelectorTerms: unknown }
      errors.invalid(
        'spec.nodeSelector.nodeSelectorTerms',
        shown.NodeSelectorTerms,
        'must have exactly one node selector term',
      )
    }
  }
  if (allNodes) given.push('`allNodes`')
  else if (allNodes === false) errors.invalid('spec.allNodes', false, 'must be either unset or set to true')
  if (given.length === 0) errors.required('spec', onePlace)
  if (given.length > 1)
    errors.invalid('spec', `{${given.join(', ')}}`, `${onePlace}, but multiple fields are set`)
}

const selectorType = 'k8s.io/api/core/v1.NodeSelector'

function validateDevice(device: Device, path: string, errors: FieldErrors): void {
  const { attributes = {}, capacity = {} } = device
  validateLabelName(device.name, `${path}.name`, errors)
  const count = Object.keys(attributes).length + Object.keys(capacity).length
  if (count > attributesMax) {
    const detail = `the total number of attributes and capacities must not exceed ${attributesMax}`
    errors.invalid(path, count, detail)
  }
  for (const [name, attribute] of Object.entries(attributes)) {
    const at = `${path}.attributes[${shortened(name)}]`
    validateAttributeName(name, at, errors)
    validateAttribute(attribute, at, errors)
  }
  for (const name of Object.keys(capacity))
    validateAttributeName(name, `${path}.capacity[${shortened(name)}]`, errors)
  validateDeviceTaints(device, path, errors)
}

function validateAttribute(attribute: DeviceAttribute, path: string, errors: FieldErrors): void {
  const { string: text, version } = attribute
  if (text !== undefined && Buffer.byteLength(text) > valueMax) errors.tooLong(`${path}.string`, valueMax)
  if (version !== undefined) {
    if (!semver.test(version)) {
      const detail = 'must be a string compatible with semver.org spec 2.0.0'
      errors.invalid(`${path}.version`, version, detail)
    }
    if (version.length > valueMax) errors.tooLong(`${path}.version`, valueMax)
  }
  const given = Object.values(attribute).filter(value => value !== undefined).length
  if (given === 1) return
  errors.invalid(path, given === 0 ? '' : shownAttribute(attribute), 'exactly one value must be specified')
}

function shownAttribute({ int, bool, string: text, version }: DeviceAttribute) {
  return {
    IntValue: int ?? null,
    BoolValue: bool ?? null,
    StringValue: text ?? null,
    VersionValue: version ?? null,
  }
}

/** A key that is too long is shown by its ends. */
function shortened(key: string): string {
  if (key.length <= keyMax) return key
  const rest = keyMax - 3
  return `${key.slice(0, Math.floor((rest + 1) / 2))}...${key.slice(key.length - Math.floor(rest / 2))}`
}
