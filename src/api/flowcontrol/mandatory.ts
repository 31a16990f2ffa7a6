/** Objects of flow control that no server does without, and that nobody may change (pkg/apis/flowcontrol/internalbootstrap). */
import { typedEqual } from '../../machinery/schema/equal.ts'
import type { ObjectSchema } from '../../machinery/schema/schema.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { facts } from '../schema/index.ts'
import { internalValue } from '../shared/internal-value.ts'
import type {
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  PriorityLevelConfigurationSpec,
  Subject,
} from '../types/flowcontrol-v1.gen.ts'

/** Whoever is in this group. */
export const groupSubject = (name: string): Subject => ({ kind: 'Group', group: { name } })
export const everybody: Subject[] = [
  groupSubject('system:unauthenticated'),
  groupSubject('system:authenticated'),
]

/** Every request of these subjects. */
export function everything(...subjects: Subject[]): PolicyRulesWithSubjects {
  return {
    subjects,
    resourceRules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
    ],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  }
}

export const mandatoryLevels: Readonly<Record<'exempt' | 'catch-all', PriorityLevelConfigurationSpec>> = {
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  'catch-all': {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
  },
}

export const mandatorySchemas: Readonly<Record<'exempt' | 'catch-all', FlowSchemaSpec>> = {
  exempt: {
    matchingPrecedence: 1,
    priorityLevelConfiguration: { name: 'exempt' },
    rules: [everything(groupSubject('system:masters'))],
  },
  'catch-all': {
    matchingPrecedence: 10_000,
    priorityLevelConfiguration: { name: 'catch-all' },
    distinguisherMethod: { type: 'ByUser' },
    rules: [everything(...everybody)],
  },
}

const typeOf = (name: string) => `k8s.io/api/flowcontrol/v1.${name}`

/** Complains of a mandatory schema that is not as it must be. */
export function validateMandatorySchema(name: string, spec: FlowSchemaSpec, errors: FieldErrors): void {
  const fixed = fixedOf(mandatorySchemas, name)
  if (fixed && !isSame('FlowSchemaSpec', spec, fixed))
    errors.invalid('spec', internalValue(typeOf('FlowSchemaSpec'), spec), fixedText(name))
}

/** The same of a level: what of the exempt one is lent is for users to say. */
export function validateMandatoryLevel(
  name: string,
  spec: PriorityLevelConfigurationSpec,
  errors: FieldErrors,
): void {
  const fixed = fixedOf(mandatoryLevels, name)
  if (!fixed) return
  const { exempt } = fixed
  const judged = exempt ? { ...spec, exempt } : spec
  if (isSame('PriorityLevelConfigurationSpec', judged, fixed)) return
  const but = exempt ? " except the 'spec.exempt' field" : ''
  errors.invalid('spec', internalValue(typeOf('PriorityLevelConfigurationSpec'), spec), fixedText(name, but))
}

const fixedText = (name: string, but = '') => `spec of '${name}'${but} must equal the fixed value`

function fixedOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function isSame(type: string, a: unknown, b: unknown): boolean {
  return typedEqual(facts.typeNamed(typeOf(type)) as ObjectSchema, a, b)
}
