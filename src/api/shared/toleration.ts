import type { Taint, Toleration } from '../types/core-v1.gen.ts'

/** Does any toleration accept the taint (component-helpers scheduling/corev1 TolerationsTolerateTaint)? */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return tolerations?.some(toleration => toleratesTaint(toleration, taint)) ?? false
}

/** The first taint of these effects that nothing tolerates. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  return taints?.find(taint => effects.includes(taint.effect) && !tolerates(tolerations, taint))
}

/** core/v1 Toleration.ToleratesTaint. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '')
    default:
      return false
  }
}
