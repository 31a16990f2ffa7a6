import type { KubeObject } from '../../../machinery/meta/object.ts'
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../types/core-v1.gen.ts'
import { type Evaluator, one, type Usage } from './evaluator.ts'
import { podEvaluator } from './pods.ts'
import { resourceClaimEvaluator } from './resource-claims.ts'
import { serviceEvaluator } from './services.ts'
import { volumeClaimEvaluator } from './volume-claims.ts'

interface Kind {
  readonly group: string
  readonly plural: string
}

/** Counted under its plain name too, as before there was `count/…`. */
const plainlyCounted = (plural: string): Evaluator => ({
  charges: name => name === plural,
  usage: () => ({ [plural]: one }),
})
/** What every other kind has. */
const onlyCounted: Evaluator = { charges: () => false, usage: () => ({}) }

/** One entry for each kind of which a quota knows more than how many there are; the key is that of its count. */
const evaluators: ReadonlyMap<string, Evaluator> = new Map([
  ['count/configmaps', plainlyCounted('configmaps')],
  ['count/persistentvolumeclaims', volumeClaimEvaluator],
  ['count/pods', podEvaluator],
  ['count/replicationcontrollers', plainlyCounted('replicationcontrollers')],
  ['count/resourceclaims.resource.k8s.io', resourceClaimEvaluator],
  ['count/resourcequotas', plainlyCounted('resourcequotas')],
  ['count/secrets', plainlyCounted('secrets')],
  ['count/services', serviceEvaluator],
])

/** `count/pods`, `count/deployments.apps`: what counts objects of any kind. */
function countName({ group, plural }: Kind): string {
  return group === '' ? `count/${plural}` : `count/${plural}.${group}`
}

/** How quotas see a kind. */
export function evaluatorOf(kind: Kind): Evaluator {
  return evaluators.get(countName(kind)) ?? onlyCounted
}

/** What one object takes of the quotas of its namespace, its count included. */
export function usageOf(kind: Kind, object: KubeObject, nowMs: number): Usage {
  const count = countName(kind)
  return { [count]: one, ...(evaluators.get(count) ?? onlyCounted).usage(object, nowMs) }
}

/** Those of a quota's names that objects of this kind are charged for. */
export function chargedNames(kind: Kind, { spec }: ResourceQuota): readonly string[] {
  const count = countName(kind)
  const evaluator = evaluatorOf(kind)
  return Object.keys(spec?.hard ?? {}).filter(name => name === count || evaluator.charges(name))
}

/** Whether a quota's scopes take in an object. Without scopes it takes in all. */
export function inScopes(quota: ResourceQuota, kind: Kind, object: KubeObject): boolean {
  return scopesOf(quota).every(selector => matchesScope(selector, kind, object))
}

/** All that a quota says of the objects that it is for. */
export function scopesOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  const scopes = (spec?.scopes ?? []).map(scopeName => ({ scopeName, operator: 'Exists' }))
  return [...scopes, ...(spec?.scopeSelector?.matchExpressions ?? [])]
}

export function matchesScope(
  selector: ScopedResourceSelectorRequirement,
  kind: Kind,
  object: KubeObject,
): boolean {
  return evaluatorOf(kind).matches?.(selector, object) ?? false
}
