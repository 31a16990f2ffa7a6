/**
 * Expressions become closures that count what they cost (cel-go interpreter). Names, selections and indices of one chain
 * are one attribute, which costs one and one more for each step.
 */

import type { Steps } from '../../../std/turns.ts'
import { hasField, literalValue, optionalIndex, plainIndex, selectField, takeOptional } from './access.ts'
import {
  type Call,
  type Comprehension,
  type Const,
  type Expr,
  type Ident,
  type ListExpr,
  type MapExpr,
  type Select,
  type StructExpr,
  type Visitor,
  visit,
} from './ast.ts'
import type { Checked } from './checker.ts'
import { Constants } from './constants.ts'
import { costerOf, listBaseCost, mapBaseCost, structBaseCost } from './cost.ts'
import type { Environment, Overload } from './environment.ts'
import { CelBudgetError, CelError, noSuchOverload } from './errors.ts'
import { accepts } from './matching.ts'
import { LiteralMap, Optional, TypeValue, typeNameOf, type Value } from './value.ts'

/** One evaluation under way. */
export interface Run {
  variable(name: string): Value | undefined
  readonly locals: (Value | Failure)[]
  cost: number
  readonly costMax: number
  /** From this cost on a fold stops when it is evaluated in steps. */
  pauseAt: number
}

export type Step = (run: Run) => Value

/** What an accumulator holds after a step that failed: `&&` and `||` may still absorb it. */
export class Failure {
  readonly error: CelError
  constructor(error: CelError) {
    this.error = error
  }
}

export function charge(run: Run, cost: number): void {
  run.cost += cost
  if (run.cost > run.costMax) throw new CelBudgetError()
}

/** All but folds. What it makes throws CelError, and CelBudgetError past the run's limit. */
export abstract class Compiler implements Visitor<Step> {
  protected readonly checked: Checked
  protected readonly environment: Environment
  /** Names of local variables; their values lie at the same place in `Run.locals`. */
  protected readonly locals: string[] = []
  readonly #constants: Constants

  constructor(checked: Checked, environment: Environment) {
    this.checked = checked
    this.environment = environment
    this.#constants = new Constants(checked)
  }

  compile(expr: Expr): Step {
    const constant = this.#constants.of(expr)
    return constant === undefined ? visit<Step>(this, expr) : () => constant
  }

  const({ value }: Const): Step {
    const constant = literalValue(value)
    return () => constant
  }

  ident(expr: Ident): Step {
    return this.#attribute(expr)
  }

  select(expr: Select): Step {
    return expr.isTest ? this.#presence(expr) : this.#attribute(expr)
  }

  /** Macros over lists and maps. */
  abstract fold(expr: Comprehension): Step

  protected isAttribute(expr: Expr): boolean {
    if (expr.kind === 'select') return !expr.isTest
    return expr.kind === 'ident' || (expr.kind === 'call' && !expr.target && attributeCalls.has(expr.name))
  }

  #attribute(expr: Expr): Step {
    const chain = this.chain(expr)
    const root = this.rootOf(expr)
    if (root.kind === 'call' && root.name === '_?_:_') return chain
    return run => {
      const value = chain(run)
      charge(run, 1)
      return value
    }
  }

  protected rootOf(expr: Expr): Expr {
    if (expr.kind === 'select') return this.rootOf(expr.operand)
    return this.isAttribute(expr) && expr.kind === 'call' ? this.rootOf(expr.args[0]!) : expr
  }

  /** The attribute without the one that its start costs. */
  protected chain(expr: Expr): Step {
    if (this.#constants.of(expr) !== undefined || !this.isAttribute(expr)) return this.compile(expr)
    const name = this.checked.nameOf(expr)
    if (name !== undefined && expr.kind !== 'call') return this.#named(name)
    if (expr.kind === 'select') {
      const operand = this.operand(expr.operand)
      const { field } = expr
      return run => {
        const value = operand(run)
        charge(run, 1)
        return selectField(value, field)
      }
    }
    return this.#index(expr as Call)
  }

  /** What a chain stands on: another attribute, or a value that costs one more. */
  protected operand(expr: Expr): Step {
    if (this.isAttribute(expr)) return this.chain(expr)
    if (expr.kind === 'call' && expr.name === '_?_:_') return this.#conditional(expr)
    const inner = this.compile(expr)
    return run => inner(run)
  }

  #index({ name, args }: Call): Step {
    if (name === '_?_:_') return this.#conditional({ args } as Call)
    const operand = this.operand(args[0]!)
    const index = this.chain(args[1]!)
    const take = name === '_[_]' ? plainIndex : optionalIndex
    return run => {
      const value = operand(run)
      const at = index(run)
      charge(run, 1)
      return take(value, at)
    }
  }

  #named(name: string): Step {
    const slot = this.locals.lastIndexOf(name)
    if (slot >= 0) {
      return run => {
        const value = run.locals[slot]!
        if (value instanceof Failure) throw value.error
        return value
      }
    }
    const declared = this.environment.variable(name)
    const type = declared?.kind === 'type' ? new TypeValue(declared.params[0]?.name ?? 'type') : undefined
    return run => {
      const value = run.variable(name)
      if (value !== undefined) return value
      if (type === undefined) throw new CelError(`no such attribute(s): ${name}`)
      return type
    }
  }

  #presence({ operand, field }: Select): Step {
    const inner = this.operand(operand)
    return run => {
      const value = inner(run)
      charge(run, 1)
      return hasField(value, field)
    }
  }

  call(expr: Call): Step {
    const { name, args } = expr
    if (name === '_&&_' || name === '_||_') return this.#logical(args, name === '_||_')
    if (name === '_?_:_') return this.#conditional(expr)
    if (name === '@not_strictly_false') return this.#notStrictlyFalse(args[0]!)
    if (this.isAttribute(expr)) return this.#attribute(expr)
    if (expr.target && (name === 'or' || name === 'orValue')) return this.#optionalOr(expr)
    return this.#overloaded(expr)
  }

  #overloaded(expr: Call): Step {
    const { given, apply } = this.overloads(expr)
    const steps = given.map(arg => this.compile(arg))
    return run => {
      const values: Value[] = []
      for (const step of steps) values.push(step(run))
      return apply(run, values)
    }
  }

  /** A call as what it is given, and what it makes of their values. */
  protected overloads(expr: Call): {
    readonly given: readonly Expr[]
    readonly apply: (run: Run, values: readonly Value[]) => Value
    /** In steps; absent where that makes no difference. */
    readonly paced: ((run: Run, values: readonly Value[]) => Steps<Value>) | undefined
  } {
    const overloads = this.checked.overloadsOf(expr)
    const isNamespaced = this.checked.nameOf(expr) !== undefined
    const name = this.checked.nameOf(expr) ?? expr.name
    const given = expr.target && !isNamespaced ? [expr.target, ...expr.args] : expr.args
    const isSet =
      name === '@in' && this.#constants.of(expr.args[1]!) !== undefined && overloads[0]?.id === 'in_list'
    const declared = this.environment.functions(name) ?? overloads
    const candidates = overloads.map(overload => ({
      overload,
      accept: accepts(overload.args),
      cost: costerOf(name, overload.id),
    }))
    const choose = (values: readonly Value[]) => {
      const found = candidates.find(({ accept }) => accept(values))
      if (!found) throw unresolved(name, declared, values)
      return found
    }
    type Chosen = ReturnType<typeof choose>
    const finish = (run: Run, { overload, cost }: Chosen, args: readonly Value[], result: Value) => {
      if (!isSet) charge(run, cost({ name, overload: overload.id, args, result }))
      return result
    }
    const apply = (run: Run, values: readonly Value[]) => {
      const found = choose(values)
      return finish(run, found, values, found.overload.run!(...values))
    }
    function* paced(run: Run, values: readonly Value[]): Steps<Value> {
      const found = choose(values)
      const { steps, run: runNow } = found.overload
      return finish(run, found, values, steps ? yield* steps(...values) : runNow!(...values))
    }
    return { given, apply, paced: overloads.some(({ steps }) => steps) ? paced : undefined }
  }

  /** The one side that decides stands, whatever became of the other. */
  #logical([left, right]: readonly Expr[], decides: boolean): Step {
    const first = this.compile(left!)
    const second = this.compile(right!)
    return run => {
      const a = attempt(first, run)
      if (a === decides) return decides
      return decided(a, attempt(second, run), decides)
    }
  }

  #conditional({ args }: Pick<Call, 'args'>): Step {
    const condition = this.compile(args[0]!)
    const [whenTrue, whenFalse] = [this.chain(args[1]!), this.chain(args[2]!)]
    return run => {
      const value = condition(run)
      if (typeof value !== 'boolean') throw noSuchOverload()
      return value ? whenTrue(run) : whenFalse(run)
    }
  }

  #notStrictlyFalse(inner: Expr): Step {
    const step = this.compile(inner)
    return run => {
      const value = attempt(step, run)
      charge(run, 1)
      return value !== false
    }
  }

  #optionalOr({ name, target, args }: Call): Step {
    const [first, second] = [this.compile(target!), this.compile(args[0]!)]
    return run => {
      const value = first(run)
      if (!(value instanceof Optional)) throw noSuchOverload()
      if (value.value === undefined) return second(run)
      return name === 'or' ? value : value.value
    }
  }

  list({ items, optional }: ListExpr): Step {
    const steps = items.map(item => this.compile(item))
    return run => {
      const list: Value[] = []
      for (const [index, step] of steps.entries()) pushItem(list, step(run), optional.has(index))
      charge(run, listBaseCost)
      return list
    }
  }

  map({ entries }: MapExpr): Step {
    const steps = entries.map(({ key, value, isOptional }) => ({
      key: this.compile(key),
      value: this.compile(value),
      isOptional,
    }))
    return run => {
      const map = new LiteralMap()
      for (const step of steps) {
        const key = step.key(run)
        const value = takeOptional(step.value(run), step.isOptional, key)
        if (value !== undefined) map.insert(key, value)
      }
      charge(run, mapBaseCost)
      return map
    }
  }

  protected makerOf(typeName: string): (given: Map<string, Value>) => Value {
    const make = this.environment.structure(typeName)?.make
    if (!make) throw new CelError(`unknown type: ${typeName}`)
    return make
  }

  struct({ typeName, fields }: StructExpr): Step {
    const make = this.makerOf(typeName)
    const steps = fields.map(({ name, value, isOptional }) => ({
      name,
      value: this.compile(value),
      isOptional,
    }))
    return run => {
      const given = new Map<string, Value>()
      for (const { name, value, isOptional } of steps) {
        const taken = takeOptional(value(run), isOptional, name)
        if (taken !== undefined) given.set(name, taken)
      }
      charge(run, structBaseCost)
      return make(given)
    }
  }
}

const attributeCalls: ReadonlySet<string> = new Set(['_[_]', '_?._', '_[?_]'])

export function attempt(step: Step, run: Run): Value | Failure {
  try {
    return step(run)
  } catch (error) {
    return failureOf(error)
  }
}

/** Throws on what no expression may absorb. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CelError) return new Failure(error)
  throw error
}

/** What `&&` or `||` is when its first side alone does not decide. */
export function decided(a: Value | Failure, b: Value | Failure, decides: boolean): boolean {
  if (b === decides) return decides
  for (const each of [a, b]) if (each instanceof Failure) throw each.error
  if (typeof a !== 'boolean' || typeof b !== 'boolean') throw noSuchOverload()
  return !decides
}

export function pushItem(list: Value[], value: Value, isOptional: boolean): void {
  if (!isOptional) list.push(value)
  else if (!(value instanceof Optional))
    throw new CelError(`cannot initialize optional list element from non-optional value ${String(value)}`)
  else if (value.value !== undefined) list.push(value.value)
}

/** Operators on values that they do not take say less than functions do. */
function unresolved(name: string, overloads: readonly Overload[], values: readonly Value[]): CelError {
  if (!/^[_!\-@]/.test(name)) {
    if (overloads.length === 1) return noSuchOverload()
    return new CelError(`no such overload: ${name}(${values.map(typeNameOf).join(', ')})`)
  }
  const takesLeft = overloads.some(({ args }) => accepts(args.slice(0, 1))(values))
  return takesLeft ? noSuchOverload() : new CelError(`no such overload: ${name}`)
}
