import { findCondition } from '../../machinery/meta/conditions.ts'

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
}

/** Without the condition of this type. */
export function withoutCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  type: string,
): C[] {
  return (conditions ?? []).filter(condition => condition.type !== type)
}

/** Puts a condition at the end, unless one with the same status and reason is there: that one stays as it is. */
export function withCondition<C extends Condition>(conditions: readonly C[] | undefined, condition: C): C[] {
  const current = findCondition(conditions, condition.type)
  if (current && current.status === condition.status && current.reason === condition.reason)
    return [...conditions!]
  return [...withoutCondition(conditions, condition.type), condition]
}
