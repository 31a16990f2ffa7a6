import { dns1123SubdomainErrors, nameIsPathSegment, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'

const driverNameMax = 63

/** The name of a CSI or DRA driver (pkg/apis/core/validation ValidateCSIDriverName). */
export function validateDriverName(name: string | undefined, path: string, errors: FieldErrors): void {
  if (!name) return errors.required(path)
  if (Buffer.byteLength(name) > driverNameMax) errors.tooLong(path, driverNameMax)
  invalidFor(errors, path, name, dns1123SubdomainErrors(name.toLowerCase()))
}

/** A provisioner or driver of a storage class: a qualified name in any case (validateProvisioner). */
export function validateProvisioner(name: string | undefined, path: string, errors: FieldErrors): void {
  if (!name) return errors.required(path)
  invalidFor(errors, path, name.toLowerCase(), qualifiedNameErrors(name.toLowerCase()))
}

/** A reference's part that must be there and must fit into a path. */
export function validateSegment(value: string | undefined, path: string, errors: FieldErrors): void {
  if (!value) errors.required(path)
  else invalidFor(errors, path, value, nameIsPathSegment(value, false))
}
