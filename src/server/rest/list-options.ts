import { invalid } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { RequestOptions } from '../context.ts'

/** meta/v1 ListOptions of a list; 422 with upstream's texts (internalversion/validation). */
export function checkListOptions(options: RequestOptions): void {
  requireRead(options)
  const errors = createFieldErrors()
  const { resourceVersionMatch: match, resourceVersion } = options
  if (match) {
    if (!resourceVersion) {
      errors.forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden unless resourceVersion is provided',
      )
    }
    forbidWithContinue(options, errors)
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', ''])
    }
    if (match === 'Exact' && resourceVersion === '0') {
      errors.forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      )
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')
  }
  refuse(errors)
}

/** meta/v1 ListOptions of a watch. */
export function checkWatchOptions(options: RequestOptions): void {
  requireRead(options)
  const errors = createFieldErrors()
  const { resourceVersionMatch: match, sendInitialEvents } = options
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.forbidden(
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    )
  }
  if (match) {
    if (sendInitialEvents === undefined) {
      errors.forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      )
    }
    if (match !== 'NotOlderThan') errors.notSupported('resourceVersionMatch', match, ['NotOlderThan'])
  }
  if (match || startsNow(options)) forbidWithContinue(options, errors)
  refuse(errors)
}

/** Upstream reads a watch from no revision as one that is sent what is there, no older than that. */
function startsNow({ resourceVersion, sendInitialEvents }: RequestOptions): boolean {
  return sendInitialEvents === undefined && (!resourceVersion || resourceVersion === '0')
}

function requireRead({ faults }: RequestOptions): void {
  const fault = faults?.limit ?? faults?.timeoutSeconds
  if (fault) throw fault
}

type Errors = ReturnType<typeof createFieldErrors>

function forbidWithContinue(options: RequestOptions, errors: Errors): void {
  if (!options.continue) return
  errors.forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')
}

function refuse(errors: Errors): void {
  if (errors.list.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors.list)
}
