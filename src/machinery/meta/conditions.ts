/** What every condition of a status has (meta/v1 Condition; older kinds have types of their own that are alike). */
interface Condition {
  readonly type?: string
  readonly status?: string
}

/** The condition of this type (apimachinery meta.FindStatusCondition). */
export function findCondition<C extends Pick<Condition, 'type'>>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find(condition => condition.type === type)
}

/** Whether the condition of this type is there and holds (apimachinery meta.IsStatusConditionTrue). */
export function isConditionTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True'
}
