/** Label selectors (apimachinery pkg/labels): built, matched and printed. `parse.ts` reads their text. */
import { compareText } from '../../std/compare-text.ts'
import { quote } from '../meta/quote.ts'
import { badRequest } from '../status/errors.ts'
import type { LabelOperator, LabelRequirement } from './requirement.ts'
import { labelRequirement, parseInt64 } from './requirement.ts'

/** All requirements must hold. No requirements: everything. `nothing`: matches no object at all. */
export interface LabelSelector {
  /** Sorted by key. */
  readonly requirements: readonly LabelRequirement[]
  readonly nothing?: true
}

/** meta/v1 LabelSelector as it lies in an object's spec. */
export interface LabelSelectorSpec {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly LabelExpression[]
}

export interface LabelExpression {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export const everything: LabelSelector = { requirements: [] }
export const nothing: LabelSelector = { requirements: [], nothing: true }

const expressionOperators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/** Compiles a spec's selector: absent matches nothing, empty matches everything. Throws 400 for a wrong one. */
export function labelSelectorFrom(spec: LabelSelectorSpec | undefined | null): LabelSelector {
  if (!spec) return nothing
  const requirements = Object.entries(spec.matchLabels ?? {}).map(([key, value]) =>
    labelRequirement(key, '=', [value]),
  )
  for (const { key, operator, values } of spec.matchExpressions ?? []) {
    const compiled = Object.hasOwn(expressionOperators, operator) ? expressionOperators[operator] : undefined
    if (!compiled) throw badRequest(`${quote(operator)} is not a valid label selector operator`)
    requirements.push(labelRequirement(key, compiled, values ?? []))
  }
  return requirements.length === 0 ? everything : selectorOf(requirements)
}

/** The selector of a plain map (`spec.selector` of a Service): empty and absent match everything. Unchecked. */
export function labelSelectorOf(labels: Readonly<Record<string, string>> | undefined): LabelSelector {
  const entries = Object.entries(labels ?? {})
  return selectorOf(entries.map(([key, value]) => ({ key, operator: '=', values: [value] })))
}

/** Orders requirements by key, which makes equal selectors print alike. */
export function selectorOf(requirements: readonly LabelRequirement[]): LabelSelector {
  if (requirements.length === 0) return everything
  return { requirements: requirements.toSorted((a, b) => compareText(a.key, b.key)) }
}

/** True for a selector that restricts nothing. */
export function isEverything(selector: LabelSelector): boolean {
  return selector.requirements.length === 0 && !selector.nothing
}

/** Whether an object with these labels is selected. */
export function matchesLabels(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (selector.nothing) return false
  const { requirements } = selector
  for (let index = 0; index < requirements.length; index++) {
    if (!holds(requirements[index]!, labels)) return false
  }
  return true
}

function holds(
  { key, operator, values }: LabelRequirement,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  const found = labels?.[key]
  // Also keeps Object.prototype's members ('constructor' is a valid label key) from counting as labels.
  const value = typeof found === 'string' ? found : undefined
  switch (operator) {
    case '=':
    case '==':
      return value === values[0]
    case 'in':
      return value !== undefined && values.includes(value)
    case '!=':
      return value !== values[0]
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
    case 'lt':
      return value !== undefined && compares(operator, value, values[0]!)
  }
}

function compares(operator: 'gt' | 'lt', text: string, boundText: string): boolean {
  const value = parseInt64(text)
  const bound = parseInt64(boundText)
  if (value === undefined || bound === undefined) return false
  return operator === 'gt' ? value > bound : value < bound
}

/** The single value that `key` must have, when the selector says so; lets an index answer. */
export function exactLabelValue(selector: LabelSelector, key: string): string | undefined {
  const requirement = selector.requirements.find(candidate => candidate.key === key)
  if (requirement?.values.length !== 1) return undefined
  const { operator, values } = requirement
  return operator === '=' || operator === '==' || operator === 'in' ? values[0] : undefined
}

/** Upstream's String(): `a=b,c in (x,y),!d`, keys and values in order. */
export function formatSelector(selector: LabelSelector): string {
  return selector.requirements.map(formatRequirement).join(',')
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  const list = values.toSorted(compareText).join(',')
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`
    case 'gt':
      return `${key}>${list}`
    case 'lt':
      return `${key}<${list}`
    default:
      return `${key}${operator}${list}`
  }
}
