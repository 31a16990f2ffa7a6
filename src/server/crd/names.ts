import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../../api/types/apiextensions-v1.gen.ts'

type Condition = Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>

/**
 * Which names a definition may use beside the others of its group, and what it is told about them
 * (apiextensions-apiserver controller/status naming_controller.go and controller/establish).
 */
export function settleNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): CustomResourceDefinitionStatus {
  const { spec, status } = definition
  const accepted = status?.acceptedNames ?? { plural: '', kind: '' }
  const taken = takenNames(others)
  const conflict = firstConflict(spec.names, accepted, taken)
  const names: Condition = conflict ?? {
    type: 'NamesAccepted',
    status: 'True',
    reason: 'NoConflicts',
    message: 'no conflicts found',
  }
  const established: Condition = conflict
    ? { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
    : {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      }
  const wasEstablished = isTrue(definition, 'Established')
  let conditions = withCondition(status?.conditions ?? [], names, now)
  if (!wasEstablished) conditions = withCondition(conditions, established, now)
  return { ...status, conditions, acceptedNames: conflict ? accepted : spec.names }
}

/** Whether a condition of this type is True. */
export function isTrue({ status }: CustomResourceDefinition, type: string): boolean {
  return status?.conditions?.some(each => each.type === type && each.status === 'True') ?? false
}

interface Taken {
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

function takenNames(others: readonly CustomResourceDefinition[]): Taken {
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const { status } of others) {
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? {}
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name)
    for (const name of [kind, listKind]) if (name) kinds.add(name)
  }
  return { resources, kinds }
}

function firstConflict(
  wanted: CustomResourceDefinitionNames,
  accepted: CustomResourceDefinitionNames,
  { resources, kinds }: Taken,
): Condition | undefined {
  const own = new Set(accepted.shortNames)
  const short = (wanted.shortNames ?? []).filter(name => !own.has(name) && resources.has(name))
  const checks: [reason: string, names: readonly string[]][] = [
    ['ListKindConflict', clash(wanted.listKind, accepted.listKind, kinds)],
    ['KindConflict', clash(wanted.kind, accepted.kind, kinds)],
    ['ShortNamesConflict', short],
    ['SingularConflict', clash(wanted.singular, accepted.singular, resources)],
    ['PluralConflict', clash(wanted.plural, accepted.plural, resources)],
  ]
  const found = checks.find(([, names]) => names.length > 0)
  if (!found) return undefined
  const [reason, names] = found
  const texts = names.map(name => `${JSON.stringify(name)} is already in use`)
  const message = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
  return { type: 'NamesAccepted', status: 'False', reason, message }
}

function clash(
  wanted: string | undefined,
  accepted: string | undefined,
  taken: ReadonlySet<string>,
): string[] {
  return wanted && wanted !== accepted && taken.has(wanted) ? [wanted] : []
}

function withCondition(
  conditions: readonly CustomResourceDefinitionCondition[],
  wanted: Condition,
  now: string,
): CustomResourceDefinitionCondition[] {
  const old = conditions.find(({ type }) => type === wanted.type)
  if (old && old.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message)
    return [...conditions]
  const lastTransitionTime =
    old?.status === wanted.status && old.lastTransitionTime ? old.lastTransitionTime : now
  const made = {
    lastTransitionTime,
    message: wanted.message!,
    reason: wanted.reason!,
    status: wanted.status,
    type: wanted.type,
  }
  return old ? conditions.map(each => (each === old ? made : each)) : [...conditions, made]
}
