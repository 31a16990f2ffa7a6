/**
 * What may take long is made to stop now and then: expressions with a fold in them, with a call that may take long, or with
 * a look at what is made of another expression. They are generators, all others plain closures; evaluated at once the generators run through.
 */
import { runSteps, type Steps } from '../../../std/turns.ts'
import { hasField, iterate, optionalIndex, plainIndex, selectField, takeOptional } from './access.ts'
import { type Call, type Comprehension, childrenOf, type Expr, type Select, type StructExpr } from './ast.ts'
import type { Checked } from './checker.ts'
import { listBaseCost, mapBaseCost, structBaseCost } from './cost.ts'
import type { Environment } from './environment.ts'
import { noSuchOverload } from './errors.ts'
import {
  attempt,
  Compiler,
  charge,
  decided,
  type Failure,
  failureOf,
  pushItem,
  type Run,
  type Step,
} from './program.ts'
import { isMapValue, LiteralMap, Optional, type Value } from './value.ts'

type Paced = (run: Run) => Steps<Value>

export interface Program {
  /** Evaluates at once. */
  readonly run: Step
  /** Evaluates in steps; absent where there is but one. */
  readonly paced: Paced | undefined
}

/** Compiles a checked expression. */
export function compileProgram(checked: Checked, environment: Environment): Program {
  const run = new PacedCompiler(checked, environment).compile(checked.expr)
  return { run, paced: pacedForms.get(run) }
}

const pacedForms = new WeakMap<Step, Paced>()

function stepOf(paced: Paced): Step {
  const step: Step = run => runSteps(paced(run))
  pacedForms.set(step, paced)
  return step
}

/** One inner expression. */
interface Part {
  readonly step: Step
  readonly paced: Paced | undefined
}

function partOf(step: Step): Part {
  return { step, paced: pacedForms.get(step) }
}

function* resultOf({ step, paced }: Part, run: Run): Steps<Value> {
  return paced ? yield* paced(run) : step(run)
}

function* attempted(part: Part, run: Run): Steps<Value | Failure> {
  try {
    return yield* resultOf(part, run)
  } catch (error) {
    return failureOf(error)
  }
}

function* prepared(value: Value, field: string): Steps<void> {
  if (isMapValue(value) && value.prepare) yield* value.prepare(field)
}

/** So much is spent between two stops; about a millisecond. */
export const pauseCost = 2_000

class PacedCompiler extends Compiler {
  readonly #long = new WeakMap<Expr, boolean>()

  override compile(expr: Expr): Step {
    return this.#isLong(expr) ? this.#compilePaced(expr) : super.compile(expr)
  }

  #isLong(expr: Expr): boolean {
    let is = this.#long.get(expr)
    if (is === undefined) {
      is = this.#takesLong(expr) || childrenOf(expr).some(child => this.#isLong(child))
      this.#long.set(expr, is)
    }
    return is
  }

  #takesLong(expr: Expr): boolean {
    if (expr.kind === 'call') return this.checked.overloadsOf(expr).some(({ steps }) => steps)
    return expr.kind === 'fold' || this.#isLazy(expr)
  }

  #isLazy(expr: Expr): boolean {
    if (expr.kind !== 'select') return false
    const type = this.checked.typeOf(expr.operand)
    return type.kind === 'struct' && this.environment.structure(type.name)?.isLazy === true
  }

  #compilePaced(expr: Expr): Step {
    switch (expr.kind) {
      case 'select':
        return expr.isTest ? this.#pacedPresence(expr) : this.#pacedAttribute(expr)
      case 'call':
        return this.isAttribute(expr) ? this.#pacedAttribute(expr) : this.#pacedCall(expr)
      case 'list':
        return this.#pacedList(expr.items, expr.optional)
      case 'map':
        return this.#pacedMap(expr)
      case 'struct':
        return this.#pacedStruct(expr)
      case 'fold':
        return this.fold(expr)
      default:
        return super.compile(expr)
    }
  }

  #part(expr: Expr): Part {
    return partOf(this.compile(expr))
  }

  #pacedAttribute(expr: Expr): Step {
    const chain = this.chain(expr)
    const root = this.rootOf(expr)
    if (root.kind === 'call' && root.name === '_?_:_') return chain
    const part = partOf(chain)
    return stepOf(function* (run) {
      const value = yield* resultOf(part, run)
      charge(run, 1)
      return value
    })
  }

  protected override chain(expr: Expr): Step {
    if (!this.#isLong(expr)) return super.chain(expr)
    if (!this.isAttribute(expr)) return this.compile(expr)
    return expr.kind === 'select' ? this.#pacedSelect(expr) : this.#pacedIndex(expr as Call)
  }

  protected override operand(expr: Expr): Step {
    if (!this.#isLong(expr)) return super.operand(expr)
    return this.isAttribute(expr) ? this.chain(expr) : this.compile(expr)
  }

  #pacedSelect({ operand, field }: Select): Step {
    const inner = partOf(this.operand(operand))
    return stepOf(function* (run) {
      const value = yield* resultOf(inner, run)
      charge(run, 1)
      yield* prepared(value, field)
      return selectField(value, field)
    })
  }

  #pacedIndex({ name, args }: Call): Step {
    const operand = partOf(this.operand(args[0]!))
    const index = partOf(this.chain(args[1]!))
    const take = name === '_[_]' ? plainIndex : optionalIndex
    return stepOf(function* (run) {
      const value = yield* resultOf(operand, run)
      const at = yield* resultOf(index, run)
      charge(run, 1)
      return take(value, at)
    })
  }

  #pacedPresence({ operand, field }: Select): Step {
    const inner = partOf(this.operand(operand))
    return stepOf(function* (run) {
      const value = yield* resultOf(inner, run)
      charge(run, 1)
      yield* prepared(value, field)
      return hasField(value, field)
    })
  }

  #pacedCall(expr: Call): Step {
    const { name, args, target } = expr
    if (name === '_&&_' || name === '_||_') return this.#pacedLogical(args, name === '_||_')
    if (name === '_?_:_') return this.#pacedConditional(args)
    if (name === '@not_strictly_false') return this.#pacedNotStrictlyFalse(args[0]!)
    if (target && (name === 'or' || name === 'orValue')) return this.#pacedOptionalOr(expr)
    const { given, apply, paced } = this.overloads(expr)
    const parts = given.map(arg => this.#part(arg))
    return stepOf(function* (run) {
      const values: Value[] = []
      for (const part of parts) values.push(yield* resultOf(part, run))
      return paced ? yield* paced(run, values) : apply(run, values)
    })
  }

  #pacedLogical([left, right]: readonly Expr[], decides: boolean): Step {
    const first = this.#part(left!)
    const second = this.#part(right!)
    return stepOf(function* (run) {
      const a = yield* attempted(first, run)
      if (a === decides) return decides
      return decided(a, yield* attempted(second, run), decides)
    })
  }

  #pacedConditional(args: readonly Expr[]): Step {
    const condition = this.#part(args[0]!)
    const [whenTrue, whenFalse] = [partOf(this.chain(args[1]!)), partOf(this.chain(args[2]!))]
    return stepOf(function* (run) {
      const value = yield* resultOf(condition, run)
      if (typeof value !== 'boolean') throw noSuchOverload()
      return yield* resultOf(value ? whenTrue : whenFalse, run)
    })
  }

  #pacedNotStrictlyFalse(inner: Expr): Step {
    const part = this.#part(inner)
    return stepOf(function* (run) {
      const value = yield* attempted(part, run)
      charge(run, 1)
      return value !== false
    })
  }

  #pacedOptionalOr({ name, target, args }: Call): Step {
    const [first, second] = [this.#part(target!), this.#part(args[0]!)]
    return stepOf(function* (run) {
      const value = yield* resultOf(first, run)
      if (!(value instanceof Optional)) throw noSuchOverload()
      if (value.value === undefined) return yield* resultOf(second, run)
      return name === 'or' ? value : value.value
    })
  }

  #pacedList(items: readonly Expr[], optional: ReadonlySet<number>): Step {
    const parts = items.map(item => this.#part(item))
    return stepOf(function* (run) {
      const list: Value[] = []
      for (const [index, part] of parts.entries())
        pushItem(list, yield* resultOf(part, run), optional.has(index))
      charge(run, listBaseCost)
      return list
    })
  }

  #pacedMap({ entries }: Expr & { kind: 'map' }): Step {
    const parts = entries.map(({ key, value, isOptional }) => ({
      key: this.#part(key),
      value: this.#part(value),
      isOptional,
    }))
    return stepOf(function* (run) {
      const map = new LiteralMap()
      for (const part of parts) {
        const key = yield* resultOf(part.key, run)
        const value = takeOptional(yield* resultOf(part.value, run), part.isOptional, key)
        if (value !== undefined) map.insert(key, value)
      }
      charge(run, mapBaseCost)
      return map
    })
  }

  #pacedStruct({ typeName, fields }: StructExpr): Step {
    const make = this.makerOf(typeName)
    const parts = fields.map(({ name, value, isOptional }) => ({
      name,
      value: this.#part(value),
      isOptional,
    }))
    return stepOf(function* (run) {
      const given = new Map<string, Value>()
      for (const { name, value, isOptional } of parts) {
        const taken = takeOptional(yield* resultOf(value, run), isOptional, name)
        if (taken !== undefined) given.set(name, taken)
      }
      charge(run, structBaseCost)
      return make(given)
    })
  }

  override fold(expr: Comprehension): Step {
    const range = this.#part(expr.range)
    const init = this.#part(expr.init)
    const slot = this.locals.push(expr.accuVar) - 1
    const first = this.locals.push(expr.iterVar) - 1
    const second = expr.iterVar2 === undefined ? undefined : this.locals.push(expr.iterVar2) - 1
    const condition = this.#part(expr.condition)
    const step = this.#part(expr.step)
    this.locals.length = slot + 1
    const result = this.#part(expr.result)
    this.locals.length = slot
    return stepOf(function* (run) {
      const pairs = iterate(yield* resultOf(range, run), second !== undefined)
      run.locals[slot] = yield* attempted(init, run)
      for (const [key, value] of pairs) {
        run.locals[first] = key
        if (second !== undefined) run.locals[second] = value
        const goesOn = condition.paced ? yield* condition.paced(run) : condition.step(run)
        if (goesOn === false) break
        run.locals[slot] = step.paced ? yield* attempted(step, run) : attempt(step.step, run)
        if (run.cost < run.pauseAt) continue
        run.pauseAt = run.cost + pauseCost
        yield
      }
      return yield* resultOf(result, run)
    })
  }
}
