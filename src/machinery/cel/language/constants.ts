/** What an expression is before anything is known of its input: literals, and conversions of them. */
import { goRegExp } from '../../regexp/go-regexp.ts'
import { conversionNames } from '../library/conversions.ts'
import { areKeys, literalValue } from './access.ts'
import { type Call, childrenOf, type Expr, type ListExpr, type MapExpr } from './ast.ts'
import type { Checked } from './checker.ts'
import { CelError } from './errors.ts'
import { LiteralMap, type Value } from './value.ts'

/** The constants of one expression; each is made once. */
export class Constants {
  readonly #checked: Checked
  readonly #known = new Map<number, Value>()

  constructor(checked: Checked) {
    this.#checked = checked
  }

  /** The value that `expr` always has; undefined where it depends on the input. */
  of(expr: Expr): Value | undefined {
    const found = this.#known.get(expr.id) ?? this.#make(expr)
    if (found !== undefined) this.#known.set(expr.id, found)
    return found
  }

  #make(expr: Expr): Value | undefined {
    switch (expr.kind) {
      case 'const':
        return literalValue(expr.value)
      case 'list':
        return this.#list(expr)
      case 'map':
        return this.#map(expr)
      case 'call':
        return this.#conversion(expr)
      default:
        return undefined
    }
  }

  #list({ items, optional }: ListExpr): Value | undefined {
    return optional.size === 0 ? this.#all(items) : undefined
  }

  #map({ entries }: MapExpr): Value | undefined {
    if (entries.some(({ isOptional }) => isOptional)) return undefined
    const keys = this.#all(entries.map(({ key }) => key))
    const values = this.#all(entries.map(({ value }) => value))
    if (!keys || !values || !areKeys(keys)) return undefined
    return new LiteralMap(keys.map((key, index) => [key, values[index]!]))
  }

  #all(exprs: readonly Expr[]): Value[] | undefined {
    const values = exprs.map(expr => this.of(expr))
    return values.every(value => value !== undefined) ? values : undefined
  }

  #conversion(call: Call): Value | undefined {
    const { name, target, args } = call
    if (target || args.length !== 1 || !conversionNames.has(name)) return undefined
    const argument = this.of(args[0]!)
    const [overload] = this.#checked.overloadsOf(call)
    return argument === undefined ? undefined : overload?.run?.(argument)
  }
}

const searches: ReadonlySet<string> = new Set(['find', 'findAll'])

/** Why no program can be made of an expression: a constant in it that cannot be converted, or is no pattern. */
export function constantFault(checked: Checked): string | undefined {
  const constants = new Constants(checked)
  try {
    makeAll(checked.expr, constants)
    return undefined
  } catch (error) {
    if (error instanceof CelError) return error.message
    throw error
  }
}

function makeAll(expr: Expr, constants: Constants): void {
  for (const child of childrenOf(expr)) makeAll(child, constants)
  constants.of(expr)
  if (expr.kind !== 'call' || !searches.has(expr.name)) return
  const pattern = expr.target ? expr.args[0] : expr.args[1]
  const found = pattern?.kind === 'const' && typeof pattern.value === 'string' && goRegExp(pattern.value)
  if (found && 'fault' in found) throw new CelError(found.fault)
}
