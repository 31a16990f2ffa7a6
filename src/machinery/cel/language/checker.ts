/** Type checking (cel-go checker/checker.go): types of all nodes, resolved overloads, complaints in cel-go's words. */
import type {
  Call,
  Comprehension,
  Const,
  Expr,
  Ident,
  ListExpr,
  Literal,
  MapExpr,
  Select,
  StructExpr,
  Visitor,
} from './ast.ts'
import { qualifiedName, visit } from './ast.ts'
import type { Environment, Overload } from './environment.ts'
import type { Complaint } from './issues.ts'
import {
  boolType,
  bytesType,
  doubleType,
  dynType,
  errorType,
  formatSignature,
  formatType,
  intType,
  isDyn,
  isOptional,
  isSameType,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  paramType,
  stringType,
  type Type,
  uintType,
  unwrapOptional,
} from './type.ts'
import { assign, assignAll, type Mapping, mostGeneral, substitute } from './unify.ts'

/** What is known about an expression that is well typed. */
export interface Checked {
  readonly expr: Expr
  readonly type: Type
  typeOf(expr: Expr): Type
  /** The overloads that a call may mean. */
  overloadsOf(call: Call): readonly Overload[]
  /** The full name where `a.b` is a variable's name or `a.b(c)` a function's. */
  nameOf(expr: Expr): string | undefined
}

/** Checks an expression; complaints instead when it is wrong. */
export function check(
  expr: Expr,
  environment: Environment,
): Checked | { readonly complaints: readonly Complaint[] } {
  const checker = new Checker(environment)
  checker.check(expr)
  if (checker.complaints.length > 0) return { complaints: checker.complaints }
  return checker.finish(expr)
}

class Checker implements Visitor<Type> {
  readonly complaints: Complaint[] = []
  readonly #environment: Environment
  readonly #types = new Map<number, Type>()
  readonly #overloads = new Map<number, readonly Overload[]>()
  readonly #names = new Map<number, string>()
  readonly #scopes: Map<string, Type>[] = []
  #mapping: Mapping = new Map()
  #fresh = 0

  constructor(environment: Environment) {
    this.#environment = environment
  }

  finish(expr: Expr): Checked {
    const types = new Map(
      Array.from(this.#types, ([id, type]) => [id, substitute(this.#mapping, type, true)]),
    )
    return {
      expr,
      type: types.get(expr.id) ?? dynType,
      typeOf: ({ id }) => types.get(id) ?? dynType,
      overloadsOf: ({ id }) => this.#overloads.get(id) ?? [],
      nameOf: ({ id }) => this.#names.get(id),
    }
  }

  check(expr: Expr): Type {
    const type = visit<Type>(this, expr)
    this.#types.set(expr.id, type)
    return type
  }

  #complain({ at }: { readonly at: number }, message: string): Type {
    this.complaints.push({ at, message })
    return errorType
  }

  #mismatch(at: { readonly at: number }, wanted: Type, found: Type): Type {
    return this.#complain(at, `expected type '${formatType(wanted)}' but found '${formatType(found)}'`)
  }

  #undeclared(at: { readonly at: number }, name: string): Type {
    return this.#complain(at, `undeclared reference to '${name}' (in container '')`)
  }

  #resolve(type: Type): Type {
    return substitute(this.#mapping, type, false)
  }

  #assign(a: Type, b: Type): boolean {
    const next = assign(this.#mapping, a, b)
    if (next) this.#mapping = next
    return next !== undefined
  }

  #freshVariable(): Type {
    return paramType(`_var${this.#fresh++}`)
  }

  #lookup(name: string): Type | undefined {
    if (name.startsWith('.')) return this.#environment.variable(name.slice(1))
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const found = this.#scopes[index]!.get(name)
      if (found) return found
    }
    return this.#environment.variable(name)
  }

  const({ value }: Const): Type {
    return literalType(value)
  }

  ident(expr: Ident): Type {
    const found = this.#lookup(expr.name)
    if (!found) return this.#undeclared(expr, expr.name.replace(/^\./, ''))
    this.#names.set(expr.id, expr.name.replace(/^\./, ''))
    return found
  }

  select(expr: Select): Type {
    const name = expr.isTest ? undefined : qualifiedName(expr)
    const known = name === undefined ? undefined : this.#lookup(name)
    if (known) {
      this.#names.set(expr.id, name!.replace(/^\./, ''))
      return known
    }
    const type = this.#field(expr, expr.operand, expr.field, false)
    return expr.isTest ? boolType : this.#resolve(type)
  }

  #field(expr: Expr, operand: Expr, field: string, isOptionalSelect: boolean): Type {
    this.check(operand)
    const operandType = this.#resolve(this.#types.get(operand.id)!)
    const target = unwrapOptional(operandType)
    const type = this.#fieldOf(expr, target, field)
    return isOptional(operandType) || isOptionalSelect ? optionalOf(type) : type
  }

  #fieldOf(expr: Expr, target: Type, field: string): Type {
    if (target.kind === 'map') return target.params[1]!
    if (target.kind === 'struct') {
      const structure = this.#environment.structure(target.name)
      if (!structure || structure.isClosed)
        return this.#complain(expr, `unexpected failed resolution of '${target.name}'`)
      return structure.field(field) ?? this.#complain(expr, `undefined field '${field}'`)
    }
    if (target.kind === 'param') this.#assign(dynType, target)
    else if (!isDyn(target) && target.kind !== 'error')
      this.#complain(expr, `type '${formatType(target)}' does not support field selection`)
    return dynType
  }

  call(expr: Call): Type {
    const { name, target, args } = expr
    if (name === '_?._') {
      const [operand, field] = args as [Expr, Expr & { value: string }]
      this.#types.set(field.id, stringType)
      return this.#resolve(this.#field(expr, operand, field.value, true))
    }
    for (const arg of args) this.check(arg)
    if (!target) {
      const overloads = this.#environment.functions(name)
      return overloads ? this.#overload(expr, overloads, name, args, false) : this.#undeclared(expr, name)
    }
    const prefix = qualifiedName(target)
    const namespaced = prefix === undefined ? undefined : this.#environment.functions(`${prefix}.${name}`)
    if (namespaced) {
      this.#names.set(expr.id, `${prefix}.${name}`)
      return this.#overload(expr, namespaced, `${prefix}.${name}`, args, false)
    }
    this.check(target)
    const overloads = this.#environment.functions(name)
    if (!overloads) return this.#undeclared(expr, name)
    return this.#overload(expr, overloads, name, [target, ...args], true)
  }

  #overload(
    expr: Call,
    overloads: readonly Overload[],
    name: string,
    args: readonly Expr[],
    isMember: boolean,
  ): Type {
    if (name === '_&&_' || name === '_||_') return this.#logical(expr, overloads, args)
    const types = args.map(arg => this.#types.get(arg.id)!)
    const found: Overload[] = []
    let result: Type | undefined
    for (const overload of overloads) {
      if (overload.isMember !== isMember) continue
      const signature = this.#instantiate(overload)
      const next = assignAll(this.#mapping, types, signature.args)
      if (!next) continue
      this.#mapping = next
      found.push(overload)
      const type = this.#resolve(signature.result)
      if (!result) result = type
      else if (!isDyn(result) && !isSameType(type, result)) result = dynType
    }
    if (!result) {
      const shown = types.map(type => substitute(this.#mapping, type, true))
      const signature = formatSignature(shown, isMember)
      return this.#complain(expr, `found no matching overload for '${name}' applied to '${signature}'`)
    }
    this.#overloads.set(expr.id, found)
    return result
  }

  #logical(expr: Call, overloads: readonly Overload[], args: readonly Expr[]): Type {
    let type: Type = boolType
    for (const arg of args) {
      const given = this.#types.get(arg.id)!
      if (!this.#assign(given, boolType)) type = this.#mismatch(arg, boolType, given)
    }
    this.#overloads.set(expr.id, overloads)
    return type
  }

  /** An overload's types with type variables of this call's own. */
  #instantiate({ args, result }: Overload): { readonly args: readonly Type[]; readonly result: Type } {
    const names = new Set([...args, result].flatMap(paramNames))
    if (names.size === 0) return { args, result }
    const own = new Map(Array.from(names, name => [name, this.#freshVariable()]))
    return { args: args.map(arg => substitute(own, arg, false)), result: substitute(own, result, false) }
  }

  list({ items, optional }: ListExpr): Type {
    let type: Type | undefined
    items.forEach((item, index) => {
      const found = this.check(item)
      type = this.#join(type, optional.has(index) ? this.#unwrapped(item, found) : found)
    })
    return listOf(type ?? this.#freshVariable())
  }

  #unwrapped(at: Expr, type: Type): Type {
    if (!isOptional(type) && !isDyn(type)) this.#mismatch(at, optionalOf(type), type)
    return unwrapOptional(type)
  }

  map({ entries }: MapExpr): Type {
    let key: Type | undefined
    let value: Type | undefined
    for (const entry of entries) {
      key = this.#join(key, this.check(entry.key))
      const found = this.check(entry.value)
      value = this.#join(value, entry.isOptional ? this.#unwrapped(entry.value, found) : found)
    }
    return mapOf(key ?? this.#freshVariable(), value ?? this.#freshVariable())
  }

  /** Types that do not go together make `dyn`; whether literals may be mixed is not for the checker to say. */
  #join(previous: Type | undefined, current: Type): Type {
    if (!previous) return current
    return this.#assign(previous, current) ? mostGeneral(previous, current) : dynType
  }

  struct(expr: StructExpr): Type {
    const structure = this.#environment.structure(expr.typeName)
    const named = this.#environment.variable(expr.typeName)
    if (!structure) {
      for (const { value } of expr.fields) this.check(value)
      if (!named) return this.#undeclared(expr, expr.typeName)
      return this.#complain(expr, `'${formatType(named)}' is not a type`)
    }
    for (const field of expr.fields) {
      const found = this.check(field.value)
      const given = field.isOptional ? this.#unwrapped(field.value, found) : found
      const wanted = structure.field(field.name)
      if (!wanted) this.#complain(field, `undefined field '${field.name}'`)
      else if (!this.#assign(wanted, given)) this.#fieldMismatch(field, wanted, given)
    }
    return { kind: 'struct', name: structure.name, params: [] }
  }

  #fieldMismatch(field: { readonly at: number; readonly name: string }, wanted: Type, given: Type): void {
    const types = `is '${formatType(wanted)}' but provided type is '${formatType(given)}'`
    this.#complain(field, `expected type of field '${field.name}' ${types}`)
  }

  fold(expr: Comprehension): Type {
    const { range, init, accuVar, iterVar, iterVar2, condition, step, result } = expr
    this.check(range)
    const accuType = this.check(init)
    const rangeType = this.#resolve(this.#types.get(range.id)!)
    const [first, second] = this.#iterated(expr, rangeType)
    this.#scopes.push(new Map([[accuVar, accuType]]))
    const inner = new Map([[iterVar, first]])
    if (iterVar2 !== undefined) inner.set(iterVar2, second)
    this.#scopes.push(inner)
    this.check(condition)
    this.#require(condition, boolType)
    this.check(step)
    this.#require(step, accuType)
    this.#scopes.pop()
    this.check(result)
    this.#scopes.pop()
    return this.#resolve(this.#types.get(result.id)!)
  }

  #require(expr: Expr, wanted: Type): void {
    const found = this.#types.get(expr.id)!
    if (!this.#assign(wanted, found)) this.#mismatch(expr, wanted, found)
  }

  /** Types of the variables that a fold runs over. */
  #iterated({ range, iterVar2 }: Comprehension, type: Type): readonly [Type, Type] {
    const [first = dynType, second = dynType] = type.params
    switch (type.kind) {
      case 'list':
        return iterVar2 === undefined ? [first, first] : [intType, first]
      case 'map':
        return [first, second]
      case 'dyn':
      case 'any':
      case 'error':
      case 'param':
        this.#assign(dynType, type)
        return [dynType, dynType]
    }
    const message = `expression of type '${formatType(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`
    this.#complain(range, message)
    return [errorType, errorType]
  }
}

function paramNames({ kind, name, params }: Type): readonly string[] {
  return kind === 'param' ? [name] : params.flatMap(paramNames)
}

function literalType(value: Literal): Type {
  if (value === null) return nullType
  switch (typeof value) {
    case 'boolean':
      return boolType
    case 'bigint':
      return intType
    case 'number':
      return doubleType
    case 'string':
      return stringType
    default:
      return value instanceof Uint8Array ? bytesType : uintType
  }
}
