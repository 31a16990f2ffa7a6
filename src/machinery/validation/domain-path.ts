import { dns1123SubdomainErrors, patternError } from '../meta/names.ts'
import type { FieldErrors } from './field-error.ts'
import { invalidFor } from './field-errors.ts'

/** `domain.example/path` (util/validation IsDomainPrefixedPath). */
export function validateDomainPath(value: string, path: string, errors: FieldErrors): void {
  const slash = value.indexOf('/')
  const [host, rest] = slash < 0 ? ['', ''] : [value.slice(0, slash), value.slice(slash + 1)]
  if (!value) errors.required(path)
  else if (!host || !rest)
    errors.invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
  else {
    invalidFor(errors, path, host, dns1123SubdomainErrors(host))
    if (!new RegExp(`^${pathPattern}$`).test(rest))
      errors.invalid(path, rest, patternError('Invalid path', pathPattern))
  }
}

const pathPattern = String.raw`[A-Za-z0-9/\-._~%!$&'()*+,;=:]+`
