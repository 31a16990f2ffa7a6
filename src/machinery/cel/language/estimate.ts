/** What an expression may cost at most before it has run (cel-go checker/cost.go). */
import {
  type Call,
  type Comprehension,
  type Expr,
  type Ident,
  type ListExpr,
  type MapExpr,
  type Select,
  type StructExpr,
  type Visitor,
  visit,
} from './ast.ts'
import { estimateCall } from './call-estimate.ts'
import type { CallShape, Operand } from './call-shape.ts'
import type { Checked } from './checker.ts'
import { listBaseCost, mapBaseCost, structBaseCost } from './cost.ts'
import { anything, exactly, nothing, plus, type Range, times, union } from './range.ts'
import { isOptional, type Type } from './type.ts'

/** The most that lies at a place of the input: a variable, then field names, `@items`, `@keys`, `@values`. */
export type SizeOf = (path: readonly string[]) => Range | undefined

/** The cost of a checked expression, in steps of the evaluator. */
export function estimateCost(checked: Checked, sizeOf: SizeOf): Range {
  return new Estimation(checked, sizeOf).cost(checked.expr)
}

/** Sizes of what is in a list or map. */
interface Entries {
  readonly kind: 'list' | 'map'
  readonly key: Range
  readonly value: Range
}

interface Local {
  readonly path: readonly string[]
  readonly size: Range | undefined
  readonly entries: Entries | undefined
}

const scalars: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint'])

function isScalar(type: Type): boolean {
  return scalars.has(type.kind) || (isOptional(type) && isScalar(type.params[0]!))
}

const selectable: ReadonlySet<string> = new Set(['map', 'struct', 'param'])

class Estimation implements Visitor<Range> {
  readonly #checked: Checked
  readonly #sizeOf: SizeOf
  readonly #paths = new Map<number, readonly string[]>()
  readonly #sizes = new Map<number, Range>()
  readonly #entries = new Map<number, Entries>()
  readonly #locals = new Map<string, Local[]>()

  constructor(checked: Checked, sizeOf: SizeOf) {
    this.#checked = checked
    this.#sizeOf = sizeOf
  }

  cost(expr: Expr): Range {
    return visit<Range>(this, expr)
  }

  const(): Range {
    return exactly(0)
  }

  ident(expr: Ident): Range {
    return this.#named(expr, expr.name)
  }

  #named(expr: Expr, name: string): Range {
    this.#paths.set(expr.id, this.#local(name)?.path ?? [name])
    return exactly(1)
  }

  select(expr: Select): Range {
    // Presence is free in Kubernetes (PresenceTestHasCost).
    if (expr.isTest) return this.cost(expr.operand)
    const name = this.#checked.nameOf(expr)
    if (name !== undefined) return this.#named(expr, name)
    const operand = this.cost(expr.operand)
    const own = selectable.has(this.#checked.typeOf(expr.operand).kind) ? 1 : 0
    this.#paths.set(expr.id, [...this.#pathOf(expr.operand), expr.field])
    return plus(operand, exactly(own))
  }

  call(expr: Call): Range {
    if (expr.name === 'dyn' && !expr.target) return this.#dyn(expr)
    const isGlobal = !expr.target || this.#checked.nameOf(expr) !== undefined
    const costs = expr.args.map(arg => this.cost(arg))
    const ofTarget = isGlobal ? exactly(0) : this.cost(expr.target!)
    const logical = this.#branching(expr, costs)
    const own = this.#overloads(expr, isGlobal ? undefined : this.#operand(expr.target!))
    return plus(ofTarget, logical ?? plus(own, ...costs))
  }

  #dyn(expr: Call): Range {
    const [argument] = expr.args as [Expr]
    const cost = this.cost(argument)
    this.#copySizes(expr, argument)
    return plus(exactly(1), cost)
  }

  /** Operators that need not evaluate all their operands. */
  #branching({ id, name, args }: Call, costs: readonly Range[]): Range | undefined {
    const [a, b, c] = costs as [Range, Range, Range]
    if (name === '_&&_' || name === '_||_') return { min: a.min, max: plus(a, b).max }
    if (name !== '_?_:_') return undefined
    const [, whenTrue, whenFalse] = args
    const entries = unionEntries(this.#entriesOf(whenTrue!), this.#entriesOf(whenFalse!))
    if (entries) this.#entries.set(id, entries)
    return plus(a, union(b, c))
  }

  #overloads(expr: Call, target: Operand | undefined): Range {
    const { args } = expr
    const name = this.#checked.nameOf(expr) ?? expr.name
    const operands = args.map(arg => this.#operand(arg))
    const ids =
      expr.name === '_?._' ? ['select_optional_field'] : this.#checked.overloadsOf(expr).map(({ id }) => id)
    if (ids.length === 0) return exactly(0)
    let cost: Range = nothing
    let size: Range | undefined
    for (const overload of ids) {
      const shape: CallShape = {
        name,
        overload,
        target,
        args: operands,
        itemSize: list => this.#itemSize(list),
      }
      const found = estimateCall(shape)
      cost = union(cost, found.cost)
      if (found.size) size = size ? union(size, found.size) : found.size
      size = this.#indexed(expr, overload) ?? size ?? this.#computedSize(expr)
    }
    if (expr.name === '_+_') this.#joinEntries(expr)
    if (size) this.#sizes.set(expr.id, size)
    return cost
  }

  #indexed(expr: Call, overload: string): Range | undefined {
    const place = overload === 'index_list' ? '@items' : overload === 'index_map' ? '@values' : undefined
    const [container] = expr.args
    if (!place || !container) return undefined
    this.#paths.set(expr.id, [...this.#pathOf(container), place])
    return this.#entriesOf(container)?.value
  }

  #joinEntries({ id, args: [a, b] }: Call): void {
    const entries = unionEntries(this.#entriesOf(a!), this.#entriesOf(b!))
    if (entries) this.#entries.set(id, entries)
  }

  list(expr: ListExpr): Range {
    const { items } = expr
    const costs = items.map(item => this.cost(item))
    const start = items.length === 0 ? exactly(0) : nothing
    const value = items.reduce((size, item) => union(size, this.#sizeOrAny(item)), start)
    this.#entries.set(expr.id, { kind: 'list', key: exactly(1), value })
    return plus(...costs, exactly(listBaseCost))
  }

  map(expr: MapExpr): Range {
    const { entries } = expr
    const costs = entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)])
    const start = entries.length === 0 ? exactly(0) : nothing
    const sizes = (pick: 'key' | 'value') =>
      entries.reduce((size, entry) => union(size, this.#sizeOrAny(entry[pick])), start)
    this.#entries.set(expr.id, { kind: 'map', key: sizes('key'), value: sizes('value') })
    return plus(...costs, exactly(mapBaseCost))
  }

  struct({ fields }: StructExpr): Range {
    return plus(...fields.map(({ value }) => this.cost(value)), exactly(structBaseCost))
  }

  fold(expr: Comprehension): Range {
    return isBind(expr) ? this.#bind(expr) : this.#rounds(expr)
  }

  #bind(expr: Comprehension): Range {
    const before = plus(this.cost(expr.range), this.cost(expr.init))
    this.#push(expr.accuVar, this.#localOf(expr.init))
    const result = this.cost(expr.result)
    this.#pop(expr.accuVar)
    this.#copySizes(expr, expr.result)
    return plus(before, result)
  }

  #rounds(expr: Comprehension): Range {
    const { range, init, accuVar, iterVar, iterVar2 } = expr
    const before = plus(this.cost(range), this.cost(init))
    this.#push(accuVar, this.#localOf(init))
    if (iterVar2 === undefined) this.#push(iterVar, this.#iterated(range, 'single'))
    else {
      this.#push(iterVar, this.#iterated(range, 'key'))
      this.#push(iterVar2, this.#iterated(range, 'value'))
    }
    const round = plus(this.cost(expr.condition), this.cost(expr.step))
    this.#pop(iterVar)
    if (iterVar2 !== undefined) this.#pop(iterVar2)
    const result = this.cost(expr.result)
    this.#pop(accuVar)
    const count = this.#sizeOrAny(range)
    this.#sizeFold(expr, count)
    return plus(before, result, times(count, round))
  }

  #sizeFold({ id, init, step }: Comprehension, count: Range): void {
    if (init.kind === 'const') {
      const size = this.#computedSize(init)
      if (size) this.#sizes.set(id, size)
    }
    if (init.kind !== 'list' && init.kind !== 'map') return
    this.#sizes.set(id, count)
    const entries = this.#entriesOf(step)
    if (entries) this.#entries.set(id, entries)
  }

  #iterated(range: Expr, what: 'key' | 'value' | 'single'): Local {
    const entries = this.#entriesOf(range)
    const kind = entries?.kind ?? this.#checked.typeOf(range).kind
    const isValue = what === 'value' || (what === 'single' && kind === 'list')
    const names = kind === 'list' ? ['@indices', '@items'] : ['@keys', '@values']
    const path = [...this.#pathOf(range), names[isValue ? 1 : 0]!]
    return { path, size: isValue ? entries?.value : entries?.key, entries: undefined }
  }

  #localOf(init: Expr): Local {
    return { path: this.#pathOf(init), size: this.#computedSize(init), entries: this.#entriesOf(init) }
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name)
    if (stack) stack.push(local)
    else this.#locals.set(name, [local])
  }

  #pop(name: string): void {
    this.#locals.get(name)!.pop()
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1)
  }

  #pathOf(expr: Expr): readonly string[] {
    const local = expr.kind === 'ident' ? this.#local(expr.name) : undefined
    return local?.path ?? this.#paths.get(expr.id) ?? []
  }

  #operand(expr: Expr): Operand {
    const type = this.#checked.typeOf(expr)
    return { expr, type, size: this.#sizeOrAny(expr) }
  }

  #itemSize({ expr }: Operand): Range {
    const path = this.#pathOf(expr)
    return (path.length > 0 ? this.#sizeOf([...path, '@items']) : undefined) ?? anything
  }

  #sizeOrAny(expr: Expr): Range {
    return this.#computedSize(expr) ?? anything
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#computedSize(from)
    if (size) this.#sizes.set(to.id, size)
    const entries = this.#entriesOf(from)
    if (entries) this.#entries.set(to.id, entries)
  }

  #computedSize(expr: Expr): Range | undefined {
    const known = this.#sizes.get(expr.id) ?? writtenSize(expr)
    if (known) return known
    const path = this.#pathOf(expr)
    const found = path.length > 0 ? this.#sizeOf(path) : undefined
    if (found) {
      this.#sizes.set(expr.id, found)
      return found
    }
    if (isScalar(this.#checked.typeOf(expr))) return exactly(1)
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined
  }

  #entriesOf(expr: Expr): Entries | undefined {
    const known = this.#entries.get(expr.id)
    return known ?? (expr.kind === 'ident' ? this.#local(expr.name)?.entries : undefined)
  }
}

/** `cel.bind`: a fold over nothing. */
function isBind({ range, condition }: Comprehension): boolean {
  return (
    range.kind === 'list' &&
    range.items.length === 0 &&
    condition.kind === 'const' &&
    condition.value === false
  )
}

function unionEntries(a: Entries | undefined, b: Entries | undefined): Entries | undefined {
  if (!a || !b) return undefined
  return { kind: a.kind, key: union(a.key, b.key), value: union(a.value, b.value) }
}

function writtenSize(expr: Expr): Range | undefined {
  if (expr.kind === 'list') return exactly(expr.items.length)
  if (expr.kind === 'map') return exactly(expr.entries.length)
  if (expr.kind !== 'const') return undefined
  const { value } = expr
  if (typeof value === 'string') return exactly([...value].length)
  return exactly(value instanceof Uint8Array ? value.length : 1)
}
