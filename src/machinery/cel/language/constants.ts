/** What an expression is before anything is known of its input: literals, and conversions of them. */
import { conversionNames } from '../library/conversions.ts'
import { areKeys, literalValue } from './access.ts'
import type { Call, Expr, ListExpr, MapExpr } from './ast.ts'
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
    if (argument === undefined || !overload?.run) return undefined
    try {
      return overload.run(argument)
    } catch (error) {
      // It fails in the same way each time it is evaluated.
      if (error instanceof CelError) return undefined
      throw error
    }
  }
}
