import { approvalOf } from '../../api/apiextensions/api-approval.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../../api/types/apiextensions-v1.gen.ts'
import { findCondition, isConditionTrue } from '../../machinery/meta/conditions.ts'

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
  const { names, conflict } = acceptNames(spec.names, accepted, takenNames(others))
  const namesAccepted: Condition = conflict ?? {
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
  let conditions = withCondition(status?.conditions ?? [], namesAccepted, now)
  if (!isTrue(definition, 'Established')) conditions = withCondition(conditions, established, now)
  const approval = approvalCondition(definition)
  if (approval) conditions = withCondition(conditions, approval, now)
  return { ...status, conditions, acceptedNames: names }
}

const approvals = {
  approved: { status: 'True', reason: 'ApprovedAnnotation' },
  bypassed: { status: 'False', reason: 'UnapprovedAnnotation' },
  missing: { status: 'False', reason: 'MissingAnnotation' },
  invalid: { status: 'False', reason: 'InvalidAnnotation' },
} as const

/** Whether the API of a community group was reviewed (controller/apiapproval). */
function approvalCondition({ spec, metadata }: CustomResourceDefinition): Condition | undefined {
  const approval = approvalOf(spec.group, metadata.annotations)
  if (!approval) return undefined
  const type = 'KubernetesAPIApprovalPolicyConformant'
  return { type, ...approvals[approval.state], message: approval.reason }
}

/** Whether a condition of this type is True. */
export function isTrue({ status }: CustomResourceDefinition, type: string): boolean {
  return isConditionTrue(status?.conditions, type)
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

interface Acceptance {
  readonly names: CustomResourceDefinitionNames
  /** About the last name that somebody else has. */
  readonly conflict: Condition | undefined
}

/** Each name is accepted for itself; of several conflicts the last one is told. */
function acceptNames(
  wanted: CustomResourceDefinitionNames,
  accepted: CustomResourceDefinitionNames,
  { resources, kinds }: Taken,
): Acceptance {
  const names: CustomResourceDefinitionNames = { ...accepted }
  let conflict: Condition | undefined
  const settle = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    reason: string,
    taken: ReadonlySet<string>,
  ) => {
    const name = wanted[field]
    if (name && name !== accepted[field] && taken.has(name)) conflict = clash(reason, [name])
    else if (name !== undefined) names[field] = name
  }
  settle('plural', 'PluralConflict', resources)
  settle('singular', 'SingularConflict', resources)
  const own = new Set(accepted.shortNames)
  const short = (wanted.shortNames ?? []).filter(name => !own.has(name) && resources.has(name))
  if (short.length > 0) conflict = clash('ShortNamesConflict', short)
  else replaceList(names, 'shortNames', wanted.shortNames)
  settle('kind', 'KindConflict', kinds)
  settle('listKind', 'ListKindConflict', kinds)
  replaceList(names, 'categories', wanted.categories)
  return { names, conflict }
}

function replaceList(
  names: CustomResourceDefinitionNames,
  field: 'shortNames' | 'categories',
  list: string[] | undefined,
): void {
  if (list) names[field] = list
  else delete names[field]
}

function clash(reason: string, names: readonly string[]): Condition {
  const texts = names.map(name => `${JSON.stringify(name)} is already in use`)
  const message = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
  return { type: 'NamesAccepted', status: 'False', reason, message }
}

function withCondition(
  conditions: readonly CustomResourceDefinitionCondition[],
  wanted: Condition,
  now: string,
): CustomResourceDefinitionCondition[] {
  const old = findCondition(conditions, wanted.type)
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
