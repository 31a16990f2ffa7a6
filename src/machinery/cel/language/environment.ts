/** What names mean in an expression: variables, functions, structures. */
import type { Steps } from '../../../std/turns.ts'
import { type Type, typeOf } from './type.ts'
import type { Value } from './value.ts'

/** One signature of a function. */
export interface Overload {
  readonly id: string
  readonly isMember: boolean
  readonly args: readonly Type[]
  readonly result: Type
  /** Absent: the evaluator knows it (operators that need not evaluate all their operands). */
  readonly run?: (...args: Value[]) => Value
  /** What `run` does, in steps: where it may take long. */
  readonly steps?: (...args: readonly Value[]) => Steps<Value>
}

/** Fields of a structure by name; `undefined` answers for one that it does not have. */
export interface Structure {
  /** Nobody can look into it. */
  readonly isClosed?: true
  readonly name: string
  field(name: string): Type | undefined
  /** Its fields are made when they are looked at, which may take long; see `MapValue.prepare`. */
  readonly isLazy?: true
  /** Makes a value from the fields of `Name{...}`; absent: it cannot be written. */
  readonly make?: (fields: ReadonlyMap<string, Value>) => Value
}

export interface Environment {
  variable(name: string): Type | undefined
  functions(name: string): readonly Overload[] | undefined
  structure(name: string): Structure | undefined
}

export interface Declarations {
  readonly variables?: Readonly<Record<string, Type>>
  readonly functions?: Readonly<Record<string, readonly Overload[]>>
  readonly structures?: readonly Structure[]
  /** Finds structures that are not listed. */
  readonly findStructure?: (name: string) => Structure | undefined
}

/** `base` and more; what is declared here hides what is there, functions get more overloads. */
export function extend(base: Environment, more: Declarations): Environment {
  const variables = new Map(Object.entries(more.variables ?? {}))
  const functions = new Map(Object.entries(more.functions ?? {}))
  const structures = new Map((more.structures ?? []).map(each => [each.name, each]))
  const structure = (name: string) =>
    structures.get(name) ?? more.findStructure?.(name) ?? base.structure(name)
  return {
    variable: name => variables.get(name) ?? base.variable(name),
    functions(name) {
      const own = functions.get(name)
      const inherited = base.functions(name)
      return own && inherited ? [...inherited, ...own] : (own ?? inherited)
    },
    structure,
  }
}

export const emptyEnvironment: Environment = {
  variable: () => undefined,
  functions: () => undefined,
  structure: () => undefined,
}

/** A name that stands for a type: `int`, `google.protobuf.Timestamp`, a structure. */
export function typeNamed(type: Type): Type {
  return typeOf(type)
}

/** A structure that nobody can look into. */
export function closedStructure(name: string): Structure {
  return { name, isClosed: true, field: () => undefined }
}

/** A structure with these fields. */
export function structureOf(name: string, fields: Readonly<Record<string, Type>>): Structure {
  return { name, field: field => (Object.hasOwn(fields, field) ? fields[field] : undefined) }
}
