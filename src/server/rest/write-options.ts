import { invalid } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { RequestOptions } from '../context.ts'

const managerBytesMax = 128

/** CreateOptions, UpdateOptions and PatchOptions; 422 with upstream's texts (meta/v1/validation). */
export function checkWriteOptions(
  options: RequestOptions,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): void {
  const { fieldManager = '', dryRun, fieldValidation, patchType, force } = options
  if (fieldManager === '' && !dryRun && !fieldValidation && kind !== 'PatchOptions') return
  const errors = createFieldErrors()
  if (kind === 'PatchOptions') {
    if (patchType?.startsWith('application/apply-patch+')) {
      if (fieldManager === '') errors.required('fieldManager', 'is required for apply patch')
    } else if (force !== undefined) errors.forbidden('force', 'may not be specified for non-apply patch')
  }
  if (Buffer.byteLength(fieldManager) > managerBytesMax) errors.tooLong('fieldManager', managerBytesMax)
  checkPrintable(fieldManager, errors)
  checkDryRun(dryRun, errors)
  if (fieldValidation && !['Ignore', 'Warn', 'Strict'].includes(fieldValidation)) {
    errors.notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn'])
  }
  if (errors.list.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors.list)
}

/** `All` is the only stage there is. */
export function checkDryRun(
  dryRun: readonly string[] | undefined,
  errors: ReturnType<typeof createFieldErrors>,
): void {
  if (dryRun?.some(stage => stage !== 'All')) errors.notSupported('dryRun', dryRun, ['All'])
}

/** Go's unicode.IsPrint; positions are those of bytes. */
function checkPrintable(manager: string, errors: ReturnType<typeof createFieldErrors>): void {
  let position = 0
  for (const character of manager) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
      errors.invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`)
    }
    position += Buffer.byteLength(character)
  }
}
