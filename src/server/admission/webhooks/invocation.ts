import { forbidden } from '../../../machinery/status/errors.ts'
import { rememberAnswers } from '../expressions/access.ts'
import { findMatch } from '../match/match.ts'
import type { MatchServices } from '../match/services.ts'
import { type Admitted, convertAdmitted, type Match } from '../match/versions.ts'
import type { Hook } from './hooks.ts'

/** A webhook that is to be called, and the version that it registered for. */
export interface Invocation<H extends Hook = Hook> {
  readonly hook: H
  readonly match: Match
}

/** What is called for this request, or undefined (generic/webhook.go ShouldCallHook). Throws what upstream refuses with. */
export async function invocationOf<H extends Hook>(
  services: MatchServices,
  hook: H,
  admitted: Admitted,
): Promise<Invocation<H> | undefined> {
  const { webhook, namespaceSelector, objectSelector, conditions } = hook
  const constraints = {
    rules: webhook.rules ?? [],
    isEquivalent: webhook.matchPolicy !== 'Exact',
    namespaceSelector,
    objectSelector,
  }
  const match = findMatch(services, constraints, admitted)
  if (!match) return undefined
  if (!conditions) return { hook, match }
  const { request } = admitted
  const ask = rememberAnswers(services.authorize)
  const shown = await convertAdmitted(admitted, match.kind)
  const outcome = await conditions.evaluate({ admitted: shown, match, ask }, services.clock)
  if ('error' in outcome) {
    const { group, version: _version, plural } = request.resource
    throw forbidden({ group, resource: plural }, request.info.name, outcome.error)
  }
  return outcome.matches ? { hook, match } : undefined
}
