/** Addresses and ports of Endpoints and EndpointSlices (pkg/apis/core/validation ValidateEndpointIP). */
import { dns1123LabelErrors, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import { parsePlain } from '../../machinery/validation/addresses.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateOneOf } from '../../machinery/validation/values.ts'

export const portProtocols = ['SCTP', 'TCP', 'UDP']

/** An address that traffic can be sent to from another machine. */
export function validateEndpointIp(value: string, path: string, errors: FieldErrors): void {
  const address = parsePlain(value)
  if (!address) return errors.invalid(path, value, 'must be a valid IP address')
  const range = address.range()
  if (range === 'unspecified') errors.invalid(path, value, `may not be unspecified (${value})`)
  if (range === 'loopback')
    errors.invalid(path, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')
  if (range === 'linkLocal') {
    errors.invalid(path, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)')
  }
  if (value.startsWith('224.0.0.') || /^ff02:/i.test(value)) {
    errors.invalid(path, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)')
  }
}

interface Port {
  readonly name?: string
  readonly protocol?: string
  readonly appProtocol?: string
}

/** What the ports of both kinds share: name, protocol and application protocol. */
export function validateEndpointPort(port: Port, path: string, errors: FieldErrors): void {
  if (port.name) invalidFor(errors, `${path}.name`, port.name, dns1123LabelErrors(port.name))
  if (!port.protocol) errors.required(`${path}.protocol`)
  else validateOneOf(port.protocol, portProtocols, `${path}.protocol`, errors)
  if (port.appProtocol !== undefined) {
    invalidFor(errors, `${path}.appProtocol`, port.appProtocol, qualifiedNameErrors(port.appProtocol))
  }
}
