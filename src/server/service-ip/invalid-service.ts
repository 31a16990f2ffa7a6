import type { Service } from '../../api/types/core-v1.gen.ts'
import { invalid } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'

/** 422 with what is wrong with a Service. */
export function invalidService({ metadata }: Service, errors: FieldErrors): StatusError {
  return invalid({ group: '', kind: 'Service' }, metadata.name ?? '', errors.list)
}
