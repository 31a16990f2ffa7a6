/** Rules that claims, classes and slices share (pkg/apis/resource/validation). */
import { compileIn } from '../../machinery/cel/compile.ts'
import { environmentWith } from '../../machinery/cel/environment.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors, identifierErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateDriverName } from '../shared/driver-names.ts'
import type { DeviceSelector, OpaqueDeviceConfiguration } from '../types/resource-v1.gen.ts'

export const configsMax = 32
export const itemsMax = 32
const selectorsMax = 32
const expressionMax = 10 * 1024
const rawMax = 10 * 1024
const poolNameMax = 253
const identifierMax = 32

type Check<T> = (item: T, path: string, errors: FieldErrors) => void

/** Each item, unless there are too many. */
export function validateEach<T>(
  list: readonly T[] | undefined,
  rules: { readonly max: number; readonly check: Check<T>; readonly key?: (item: T) => unknown },
  path: string,
  errors: FieldErrors,
): void {
  const items = list ?? []
  if (items.length > rules.max) return errors.tooMany(path, items.length, rules.max)
  items.forEach((item, i) => {
    rules.check(item, `${path}[${i}]`, errors)
  })
  const seen = new Set<string>()
  items.forEach((item, i) => {
    if (!rules.key) return
    const key = rules.key(item)
    const id = JSON.stringify(key)
    if (seen.has(id)) errors.duplicate(`${path}[${i}]`, key)
    seen.add(id)
  })
}

/** The name of a device, a request or a counter. */
export function validateLabelName(name: string | undefined, path: string, errors: FieldErrors): void {
  invalidFor(errors, path, name ?? '', dns1123LabelErrors(name ?? ''))
}

/** Subdomains with slashes between them. */
export function validatePoolName(name: string | undefined, path: string, errors: FieldErrors): void {
  if (!name) return errors.required(path)
  if (name.length > poolNameMax) errors.tooLong(path, poolNameMax)
  for (const part of name.split('/')) invalidFor(errors, path, part, dns1123SubdomainErrors(part))
}

/** `name` or `driver.example/name`. */
export function validateAttributeName(name: string, path: string, errors: FieldErrors): void {
  const [first = '', second, ...more] = name.split('/')
  if (more.length > 0) return
  if (second === undefined) return validateIdentifier(first, path, errors)
  if (first) validateDriverName(first, path, errors)
  else errors.invalid(path, '', 'the domain must not be empty')
  if (second) validateIdentifier(second, path, errors)
  else errors.invalid(path, '', 'the name must not be empty')
}

function validateIdentifier(id: string, path: string, errors: FieldErrors): void {
  if (Buffer.byteLength(id) > identifierMax) errors.tooLong(path, identifierMax)
  invalidFor(errors, path, id, identifierErrors(id))
}

export function validateSelectors(
  selectors: readonly DeviceSelector[] | undefined,
  path: string,
  errors: FieldErrors,
): void {
  validateEach(selectors, { max: selectorsMax, check: validateSelector }, path, errors)
}

function validateSelector({ cel }: DeviceSelector, path: string, errors: FieldErrors): void {
  if (!cel) return errors.required(`${path}.cel`)
  const { expression = '' } = cel
  const at = `${path}.cel.expression`
  if (Buffer.byteLength(expression) > expressionMax) return errors.tooLong(at, expressionMax)
  const found = compileIn(environmentWith('device'), expression)
  if ('fault' in found) errors.invalid(at, expression, found.fault)
  else if (found.type.kind !== 'bool' && found.type.kind !== 'dyn')
    errors.invalid(at, expression, 'must evaluate to bool or the unknown type, not int')
}

export function validateConfiguration(
  { opaque }: { readonly opaque?: OpaqueDeviceConfiguration },
  path: string,
  errors: FieldErrors,
): void {
  if (!opaque) return errors.required(`${path}.opaque`)
  validateDriverName(opaque.driver, `${path}.opaque.driver`, errors)
  validateRaw(opaque.parameters, `${path}.opaque.parameters`, errors)
}

/** A JSON object of a driver's own. */
export function validateRaw(value: unknown, path: string, errors: FieldErrors): void {
  if (value === undefined || value === null) return errors.required(path)
  if (Buffer.byteLength(JSON.stringify(value)) > rawMax) errors.tooLong(path, rawMax)
  else if (typeof value !== 'object' || Array.isArray(value))
    errors.invalid(path, '<value omitted>', 'must be a valid JSON object')
}
