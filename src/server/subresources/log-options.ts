import { parseTime } from '../../machinery/codec/time.ts'
import { parseInt64 } from '../../machinery/meta/strconv.ts'
import { badRequest, invalid } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { messageOf } from '../../std/message.ts'

/** Refuses PodLogOptions as upstream does (validation.ValidatePodLogOptions); 400 for what is no number or time. */
export function checkLogOptions(query: URLSearchParams, pod: string): void {
  const sinceSeconds = integer(query, 'sinceSeconds')
  const sinceTime = query.get('sinceTime')
  if (sinceTime) checkTime(sinceTime)
  const tailLines = integer(query, 'tailLines')
  const limitBytes = integer(query, 'limitBytes')
  const errors = createFieldErrors()
  if (tailLines !== undefined && tailLines < 0)
    errors.invalid('tailLines', tailLines, 'must be greater than or equal to 0')
  if (limitBytes !== undefined && limitBytes < 1)
    errors.invalid('limitBytes', limitBytes, 'must be greater than 0')
  if (sinceSeconds !== undefined && sinceTime)
    errors.forbidden('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified')
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.invalid('sinceSeconds', sinceSeconds, 'must be greater than 0')
  if (query.has('stream')) errors.forbidden('stream', 'may not be specified')
  if (errors.list.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, errors.list)
}

function checkTime(text: string): void {
  try {
    parseTime(text)
  } catch (error) {
    throw badRequest(messageOf(error))
  }
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const read = parseInt64(text)
  if (typeof read === 'string') throw badRequest(read)
  return read
}
