import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { firstFew, none } from '../../machinery/table/cells.ts'
import { addressWarnings } from '../../machinery/validation/address-warnings.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateIp, validatePort } from '../../machinery/validation/values.ts'
import { joinHostPort } from '../../std/host-port.ts'
import { defineResource } from '../define-resource.ts'
import { validateEndpointIp, validateEndpointPort } from '../shared/endpoint-address.ts'
import type { EndpointAddress, EndpointSubset, Endpoints } from '../types/core-v1.gen.ts'

const shownMax = 3

function endpointTexts({ subsets }: Endpoints): string[] {
  return (subsets ?? []).flatMap(({ addresses = [], ports = [] }) => {
    if (ports.length === 0) return addresses.map(({ ip }) => ip)
    return ports.flatMap(({ port }) => addresses.map(({ ip }) => joinHostPort(ip, port)))
  })
}

function validateAddress(address: EndpointAddress, path: string, errors: FieldErrors): void {
  validateIp(address.ip, `${path}.ip`, errors)
  const { hostname, nodeName } = address
  if (hostname) invalidFor(errors, `${path}.hostname`, hostname, dns1123LabelErrors(hostname))
  if (nodeName !== undefined)
    invalidFor(errors, `${path}.nodeName`, nodeName, dns1123SubdomainErrors(nodeName))
  validateEndpointIp(address.ip, `${path}.ip`, errors)
}

function validateSubset(subset: EndpointSubset, path: string, errors: FieldErrors): void {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset
  if (addresses.length + notReadyAddresses.length === 0) {
    errors.required(path, 'must specify `addresses` or `notReadyAddresses`')
  }
  addresses.forEach((address, i) => {
    validateAddress(address, `${path}.addresses[${i}]`, errors)
  })
  notReadyAddresses.forEach((address, i) => {
    validateAddress(address, `${path}.notReadyAddresses[${i}]`, errors)
  })
  ports.forEach((port, i) => {
    const at = `${path}.ports[${i}]`
    if (ports.length > 1 && !port.name) errors.required(`${at}.name`)
    validatePort(port.port, `${at}.port`, errors)
    validateEndpointPort(port, at, errors)
  })
}

/** Who makes them of Services makes them well. */
const maker = { label: 'endpoints.kubernetes.io/managed-by', name: 'endpoint-controller' }

function addressWarningsOf({ metadata, subsets = [] }: Endpoints): string[] {
  if (metadata.labels?.[maker.label] === maker.name) return []
  return subsets.flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap(list =>
      (subset[list] ?? []).flatMap(({ ip }, j) => addressWarnings(ip, `subsets[${i}].${list}[${j}].ip`)),
    ),
  )
}

export const endpoints = defineResource<Endpoints>('v1', 'Endpoints', {
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  strategy: {
    setDefaults({ subsets }) {
      for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ||= 'TCP'
    },
    validate({ subsets }, errors) {
      subsets?.forEach((subset, i) => {
        validateSubset(subset, `subsets[${i}]`, errors)
      })
    },
    warnings: addressWarningsOf,
    allowCreateOnUpdate: true,
  },
  cells: { Endpoints: object => firstFew(endpointTexts(object), shownMax, none) },
})
