import { dns1123SubdomainErrors, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import type { Event } from '../types/core-v1.gen.ts'

const textMax = 128
const noteMax = 1024

/** What events of either API group must hold (pkg/apis/core/validation/events.go legacyValidateEvent). */
export function validateEventBasics(event: Event, controllerField: string, errors: FieldErrors): void {
  const namespace = event.metadata.namespace ?? ''
  const about = event.involvedObject?.namespace ?? ''
  const mismatch = () => errors.invalid('involvedObject.namespace', about, 'does not match event.namespace')
  if (!event.eventTime) {
    if (about ? about !== namespace : namespace !== '' && namespace !== 'default') mismatch()
  } else {
    if (!about && namespace !== 'default' && namespace !== 'kube-system') mismatch()
    validateNewStyle(event, controllerField, errors)
  }
  invalidFor(errors, 'namespace', namespace, dns1123SubdomainErrors(namespace))
}

function validateNewStyle(event: Event, controllerField: string, errors: FieldErrors): void {
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event
  if (!reportingComponent) errors.required(controllerField)
  invalidFor(errors, controllerField, reportingComponent, qualifiedNameErrors(reportingComponent))
  for (const [path, text] of Object.entries({ reportingInstance, action, reason })) {
    if (!text) errors.required(path)
    if (Buffer.byteLength(text) > textMax) errors.invalid(path, '', `can have at most ${textMax} characters`)
  }
  if (Buffer.byteLength(message) > noteMax)
    errors.invalid('message', '', `can have at most ${noteMax} characters`)
}
