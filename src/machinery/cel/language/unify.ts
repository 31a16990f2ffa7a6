/** Which type may stand for which, with type parameters (cel-go checker/types.go). */
import { dynType, isDyn, isSameType, listOf, mapOf, opaqueType, type Type, typeOf } from './type.ts'

/** What type parameters stand for, by name. */
export type Mapping = ReadonlyMap<string, Type>
type Draft = Map<string, Type>

/** The mapping after `a` took `b`; undefined when it cannot. */
export function assign(mapping: Mapping, a: Type, b: Type): Mapping | undefined {
  const draft = new Map(mapping)
  return isAssignable(draft, a, b) ? draft : undefined
}

/** The same for argument lists. */
export function assignAll(mapping: Mapping, a: readonly Type[], b: readonly Type[]): Mapping | undefined {
  const draft = new Map(mapping)
  return areAssignable(draft, a, b) ? draft : undefined
}

function areAssignable(draft: Draft, a: readonly Type[], b: readonly Type[]): boolean {
  return a.length === b.length && a.every((type, index) => isAssignable(draft, type, b[index]!))
}

function isAssignable(draft: Draft, a: Type, b: Type): boolean {
  if (b.kind === 'param') {
    const hadSubstitute = draft.has(b.name)
    if (isSubstitute(draft, a, b)) return true
    if (hadSubstitute) return false
  }
  if (a.kind === 'param') return isSubstitute(draft, b, a)
  if (isLoose(a) || isLoose(b)) return true
  if (a.kind === 'null') return isNullable(b)
  if (b.kind === 'null') return isNullable(a)
  if (a.kind === 'type') return b.kind === 'type'
  if (a.kind === 'list' || a.kind === 'map' || a.kind === 'opaque')
    return a.kind === b.kind && a.name === b.name && areAssignable(draft, a.params, b.params)
  return a.kind === b.kind && a.name === b.name
}

function isLoose(type: Type): boolean {
  return isDyn(type) || type.kind === 'error'
}

const nullable: ReadonlySet<string> = new Set(['any', 'duration', 'null', 'opaque', 'struct', 'timestamp'])

function isNullable({ kind }: Type): boolean {
  return nullable.has(kind)
}

/** Whether parameter `param` may stand for `type`; notes it when so. */
function isSubstitute(draft: Draft, type: Type, param: Type): boolean {
  if (isSameType(type, param)) return true
  const known = draft.get(param.name)
  if (known) {
    if (isSameType(type, known)) return true
    if (!isAssignable(draft, type, known)) return false
    const general = mostGeneral(type, known)
    if (isFreeOf(draft, param, general)) draft.set(param.name, general)
    return true
  }
  if (!isFreeOf(draft, param, type)) return false
  draft.set(param.name, type)
  return true
}

/** The occurs check: whether `param` lies nowhere within `type`. */
function isFreeOf(draft: Draft, param: Type, type: Type): boolean {
  if (isSameType(param, type)) return false
  if (type.kind === 'param') {
    const known = draft.get(type.name)
    return known === undefined || isFreeOf(draft, param, known)
  }
  return type.params.every(inner => isFreeOf(draft, param, inner))
}

/** The more general of two types that go together. */
export function mostGeneral(a: Type, b: Type): Type {
  return isLessSpecific(a, b) ? a : b
}

function isLessSpecific(a: Type, b: Type): boolean {
  if (isDyn(a) || a.kind === 'param') return true
  if (isDyn(b) || b.kind === 'param') return false
  if (a.kind !== b.kind) return false
  if (a.kind === 'type') return true
  if (a.kind === 'list' || a.kind === 'map' || a.kind === 'opaque') {
    return (
      a.name === b.name &&
      a.params.length === b.params.length &&
      a.params.every((param, index) => isLessSpecific(param, b.params[index]!))
    )
  }
  return isSameType(a, b)
}

/** A type with its parameters replaced; those that stand for nothing become `dyn` when asked. */
export function substitute(mapping: Mapping, type: Type, freeToDyn: boolean): Type {
  const { kind, name, params } = type
  if (kind === 'param') {
    const known = mapping.get(name)
    if (known) return substitute(mapping, known, freeToDyn)
    return freeToDyn ? dynType : type
  }
  if (params.length === 0) return type
  const inner = params.map(param => substitute(mapping, param, freeToDyn))
  if (kind === 'list') return listOf(inner[0]!)
  if (kind === 'map') return mapOf(inner[0]!, inner[1]!)
  return kind === 'type' ? typeOf(...inner) : opaqueType(name, ...inner)
}
