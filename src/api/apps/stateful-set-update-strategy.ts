import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import {
  nonnegative,
  percentOf,
  validateNotMoreThan100Percent,
  validatePositiveIntOrPercent,
} from '../../machinery/validation/values.ts'
import { internalValue } from '../shared/internal-value.ts'
import type { StatefulSetUpdateStrategy } from '../types/apps-v1.gen.ts'

/** `RollingUpdate` with its partition, or `OnDelete` without one. */
export function validateStatefulUpdateStrategy(
  strategy: StatefulSetUpdateStrategy,
  path: string,
  errors: FieldErrors,
): void {
  const { type, rollingUpdate } = strategy
  if (type === 'OnDelete') {
    if (rollingUpdate) {
      const shown = {
        Partition: rollingUpdate.partition ?? 0,
        MaxUnavailable: rollingUpdate.maxUnavailable ?? null,
      }
      errors.invalid(`${path}.rollingUpdate`, shown, "only allowed for updateStrategy 'RollingUpdate'")
    }
    return
  }
  if (type !== 'RollingUpdate') {
    const shown = internalValue('k8s.io/api/apps/v1.StatefulSetUpdateStrategy', strategy)
    errors.invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")
    return
  }
  nonnegative(rollingUpdate?.partition, `${path}.rollingUpdate.partition`, errors)
  const { maxUnavailable } = rollingUpdate ?? {}
  if (maxUnavailable === undefined) return
  const at = `${path}.rollingUpdate.maxUnavailable`
  validatePositiveIntOrPercent(maxUnavailable, at, errors)
  if ((typeof maxUnavailable === 'number' ? maxUnavailable : percentOf(maxUnavailable)) === 0) {
    errors.invalid(at, maxUnavailable, 'cannot be 0')
  }
  validateNotMoreThan100Percent(maxUnavailable, at, errors)
}
