import type { KubeObject } from '../../../machinery/meta/object.ts'
import { addQuantity, type Quantity, quantityOf } from '../../../machinery/quantity/index.ts'
import type { ScopedResourceSelectorRequirement } from '../../types/core-v1.gen.ts'

/** Amounts by the names that quotas have for them. */
export type Usage = Readonly<Record<string, Quantity>>

/** How quotas see one kind (upstream pkg/quota/v1/evaluator): what it takes beside its `count/…`, and whose it is. */
export interface Evaluator {
  /** Whether objects of the kind are charged for this name of a quota. */
  charges(name: string): boolean
  /** What one object takes now. */
  usage(object: KubeObject, nowMs: number): Usage
  /** Whether an update by this subresource, `''` the object itself, may take more; absent: what it takes stays. */
  grows?(subresource: string, object: KubeObject, old: KubeObject): boolean
  /** What an object leaves out that must be said where a quota counts these names; undefined: nothing. */
  lacks?(object: KubeObject, names: readonly string[]): string | undefined
  /** Whether a quota's scope takes in an object; absent: objects of the kind have no scopes, and none takes them in. */
  matches?(selector: ScopedResourceSelectorRequirement, object: KubeObject): boolean
  /** What scopes look at that may change while an object lives. */
  scopeFacts?(object: KubeObject): readonly unknown[]
}

/** One object. */
export const one = quantityOf(1)

/** The sum of two lists. */
export function addLists(a: Usage, b: Usage): Usage {
  const sum: Record<string, Quantity> = { ...a }
  for (const [name, amount] of Object.entries(b))
    sum[name] = sum[name] ? addQuantity(sum[name], amount) : amount
  return sum
}

/** Whether one of the names satisfies the selector as a label's value would; without a name, as no label does. */
export function matchesNames(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  names: readonly (string | undefined)[],
): boolean {
  const given = names.filter(name => name !== undefined && name !== '')
  if (operator === 'Exists') return given.length > 0
  if (operator === 'DoesNotExist') return given.length === 0
  if (operator === 'In') return given.some(name => values.includes(name!))
  return given.length === 0 || given.some(name => !values.includes(name!))
}
