export type { FieldRequirement, FieldSelector } from './field.ts'
export {
  everyField,
  exactFieldValue,
  formatFieldSelector,
  matchesFields,
  parseFieldSelector,
} from './field.ts'
export type { LabelExpression, LabelSelector, LabelSelectorSpec } from './label.ts'
export {
  everything,
  exactLabelValue,
  formatSelector,
  isEverything,
  labelSelectorFrom,
  labelSelectorOf,
  matchesLabels,
} from './label.ts'
export { parseLabelSelector } from './parse.ts'
export type { LabelOperator, LabelRequirement } from './requirement.ts'
