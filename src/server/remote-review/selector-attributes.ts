import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
} from '../../api/types/authorization-v1.gen.ts'
import { parseFieldSelector, parseLabelSelector } from '../../machinery/selector/index.ts'

const fieldOperators: Readonly<Record<string, string>> = { '=': 'In', '==': 'In', '!=': 'NotIn' }
const labelOperators: Readonly<Record<string, string>> = {
  ...{
    '=': 'In',
    '==': 'In',
    in: 'In',
    '!=': 'NotIn',
    notin: 'NotIn',
    exists: 'Exists',
    '!': 'DoesNotExist',
  },
}

/** A field selector as a review shows it; what has no operator there is left out, which only widens the question. */
export function fieldAttributes(text: string): FieldSelectorAttributes | undefined {
  const requirements = parseFieldSelector(text).requirements.flatMap(({ field, operator, value }) => {
    const shown = fieldOperators[operator]
    return shown ? [{ key: field, operator: shown, values: [value] }] : []
  })
  return requirements.length > 0 ? { requirements } : undefined
}

/** A label selector as a review shows it. */
export function labelAttributes(text: string): LabelSelectorAttributes | undefined {
  const requirements = parseLabelSelector(text).requirements.flatMap(({ key, operator, values }) => {
    const shown = labelOperators[operator]
    return shown ? [{ key, operator: shown, ...(values.length > 0 && { values: [...values] }) }] : []
  })
  return requirements.length > 0 ? { requirements } : undefined
}
