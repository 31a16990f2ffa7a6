import { dns1123LabelErrors, dns1123SubdomainErrors, labelValueErrors } from '../../machinery/meta/names.ts'
import { firstFew, unset } from '../../machinery/table/cells.ts'
import { addressWarnings } from '../../machinery/validation/address-warnings.ts'
import { strictAddressErrors } from '../../machinery/validation/addresses.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { ipFamily, validateIp, validateOneOf } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { validateEndpointIp, validateEndpointPort } from '../shared/endpoint-address.ts'
import { immutableField, metaType, sameField } from '../shared/same-field.ts'
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../types/discovery-v1.gen.ts'

const addressTypes = ['FQDN', 'IPv4', 'IPv6']
const portsMax = 20000
const endpointsMax = 1000
const addressesMax = 100
const topologyLabelsMax = 16
const hintsMax = 8
const shownMax = 3

/** Upstream leaves the index out where an address is of another family. */
const listOf = (path: string) => path.slice(0, path.lastIndexOf('['))

const addressRules: Readonly<Record<string, (address: string, path: string, errors: FieldErrors) => void>> = {
  IPv4(address, path, errors) {
    validateIp(address, path, errors)
    if (ipFamily(address) === 6) errors.invalid(listOf(path), address, 'must be an IPv4 address')
    if (ipFamily(address) !== 0) validateEndpointIp(address, path, errors)
  },
  IPv6(address, path, errors) {
    const faults = strictAddressErrors(address)
    invalidFor(errors, path, address, faults)
    if (faults.length > 0) return
    if (ipFamily(address) === 4) errors.invalid(listOf(path), address, 'must be an IPv6 address')
    validateEndpointIp(address, path, errors)
  },
  FQDN(address, path, errors) {
    invalidFor(errors, path, address, dns1123SubdomainErrors(address))
    if (!address.includes('.'))
      errors.invalid(path, address, 'should be a domain with at least two segments separated by dots')
  },
}

function validatePorts(ports: readonly EndpointPort[], errors: FieldErrors): void {
  if (ports.length > portsMax) return errors.tooMany('ports', ports.length, portsMax)
  const names = new Set<string>()
  ports.forEach((port, i) => {
    const name = port.name ?? ''
    if (names.has(name)) errors.duplicate(`ports[${i}].name`, name)
    names.add(name)
    validateEndpointPort(port, `ports[${i}]`, errors)
  })
}

function validateEndpoint(endpoint: Endpoint, addressType: string, path: string, errors: FieldErrors): void {
  const { addresses = [], nodeName, hostname, deprecatedTopology, hints } = endpoint
  if (addresses.length === 0) errors.required(`${path}.addresses`, 'must contain at least 1 address')
  else if (addresses.length > addressesMax)
    errors.tooMany(`${path}.addresses`, addresses.length, addressesMax)
  addresses.forEach((address, i) => {
    if (Object.hasOwn(addressRules, addressType))
      addressRules[addressType]!(address, `${path}.addresses[${i}]`, errors)
  })
  if (nodeName !== undefined)
    invalidFor(errors, `${path}.nodeName`, nodeName, dns1123SubdomainErrors(nodeName))
  const topologyCount = Object.keys(deprecatedTopology ?? {}).length
  if (topologyCount > topologyLabelsMax)
    errors.tooMany(`${path}.deprecatedTopology`, topologyCount, topologyLabelsMax)
  if (hostname !== undefined) invalidFor(errors, `${path}.hostname`, hostname, dns1123LabelErrors(hostname))
  if (hints) validateHints(hints, `${path}.hints`, errors)
}

function validateHints(
  { forZones = [], forNodes = [] }: EndpointHints,
  path: string,
  errors: FieldErrors,
): void {
  validateHintNames(forZones, `${path}.forZones`, labelValueErrors, errors)
  validateHintNames(forNodes, `${path}.forNodes`, dns1123SubdomainErrors, errors)
}

function validateHintNames(
  hints: readonly { readonly name: string }[],
  path: string,
  rule: (name: string) => readonly string[],
  errors: FieldErrors,
): void {
  if (hints.length > hintsMax) return errors.tooMany(path, hints.length, hintsMax)
  const names = new Set<string>()
  hints.forEach(({ name }, i) => {
    if (names.has(name)) errors.duplicate(`${path}[${i}].name`, name)
    names.add(name)
    invalidFor(errors, `${path}[${i}].name`, name, rule(name))
  })
}

const sliceType = 'k8s.io/api/discovery/v1.EndpointSlice'

/** Endpoints that stand already are not judged again. */
function validate(slice: EndpointSlice, errors: FieldErrors, old?: EndpointSlice): void {
  const { addressType = '', ports, endpoints } = slice
  if (!addressType) errors.required('addressType')
  else validateOneOf(addressType, addressTypes, 'addressType', errors)
  validatePorts(ports ?? [], errors)
  if (old && sameField(sliceType, 'endpoints', slice, old)) return
  const count = endpoints?.length ?? 0
  if (count > endpointsMax) return errors.tooMany('endpoints', count, endpointsMax)
  endpoints?.forEach((endpoint, i) => {
    validateEndpoint(endpoint, addressType, `endpoints[${i}]`, errors)
  })
}

const fqdnWarning = 'spec.addressType: FQDN endpoints are deprecated'

/** The field of an older version; who writes this one cannot set it. */
function dropTopology({ endpoints }: EndpointSlice): void {
  for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology
}

/** Who makes them of Services and Endpoints makes them well. */
const makerLabel = 'endpointslice.kubernetes.io/managed-by'
const makers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']

function addressWarningsOf({ metadata, endpoints }: EndpointSlice): string[] {
  if (makers.includes(metadata.labels?.[makerLabel] ?? '')) return []
  return (endpoints ?? []).flatMap(({ addresses }, i) =>
    addresses.flatMap((address, j) => addressWarnings(address, `endpoints[${i}].addresses[${j}]`)),
  )
}

export const endpointSlices = defineResource<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice', {
  strategy: {
    setDefaults(slice) {
      for (const port of slice.ports ?? []) {
        port.name ??= ''
        port.protocol ||= 'TCP'
      }
    },
    prepareForCreate(slice) {
      dropTopology(slice)
      slice.metadata.generation = 1
    },
    prepareForUpdate(slice, old) {
      const changed =
        !sameField(sliceType, 'ports', slice, old) ||
        !sameField(sliceType, 'endpoints', slice, old) ||
        !sameField(metaType, 'labels', slice.metadata, old.metadata)
      slice.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0)
      // What is dropped counts as a change.
      dropTopology(slice)
    },
    validate: (slice, errors) => validate(slice, errors),
    validatesOnceOnly: true,
    warnings: slice => [...(slice.addressType === 'FQDN' ? [fqdnWarning] : []), ...addressWarningsOf(slice)],
    validateUpdate(slice, old, errors) {
      validate(slice, errors, old)
      immutableField(sliceType, 'addressType', [slice, old], 'addressType', errors)
    },
  },
  cells: {
    AddressType: ({ addressType }) => addressType,
    Ports: ({ ports }) =>
      firstFew(
        (ports ?? []).map(({ port, name }) => (port ? String(port) : (name ?? '*'))),
        shownMax,
        unset,
      ),
    Endpoints: ({ endpoints }) =>
      firstFew(
        (endpoints ?? []).flatMap(({ addresses }) => addresses),
        shownMax,
        unset,
      ),
  },
})
