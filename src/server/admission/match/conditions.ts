import type { MatchCondition } from '../../../api/types/admissionregistration-v1.gen.ts'
import { assert } from '../../../std/assert.ts'
import type { Match } from './match.ts'
import type { MatchServices } from './services.ts'
import type { Admitted } from './versions.ts'

export interface ConditionInput {
  readonly services: MatchServices
  readonly admitted: Admitted
  readonly match: Match
}

export interface MatchConditions {
  evaluate(input: ConditionInput): Promise<{ readonly matches: boolean; readonly error?: string }>
}

export function compileMatchConditions(
  _conditions: readonly MatchCondition[],
  _failurePolicy: string | undefined,
): MatchConditions {
  assert(false, 'not yet')
}
