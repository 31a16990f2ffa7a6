/** A parsed expression (cel-go common/ast). Macros are expanded already. */

interface Base {
  /** Unique within one expression. */
  readonly id: number
  /** Where a complaint about it points: offset in code points. */
  readonly at: number
}

export type Literal = boolean | bigint | number | string | Uint8Array | null | UintLiteral

/** `3u` */
export interface UintLiteral {
  readonly uint: bigint
}

export type Expr = Const | Ident | Select | Call | ListExpr | MapExpr | StructExpr | Comprehension

export interface Const extends Base {
  readonly kind: 'const'
  readonly value: Literal
}

export interface Ident extends Base {
  readonly kind: 'ident'
  readonly name: string
}

export interface Select extends Base {
  readonly kind: 'select'
  readonly operand: Expr
  readonly field: string
  /** `has(a.b)` */
  readonly isTest: boolean
}

export interface Call extends Base {
  readonly kind: 'call'
  /** `_+_`, `size`, `sets.contains` */
  readonly name: string
  readonly target: Expr | undefined
  readonly args: readonly Expr[]
}

export interface ListExpr extends Base {
  readonly kind: 'list'
  readonly items: readonly Expr[]
  /** Indices of `?item`s. */
  readonly optional: ReadonlySet<number>
}

export interface MapEntry {
  readonly key: Expr
  readonly value: Expr
  readonly isOptional: boolean
}

export interface MapExpr extends Base {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}

export interface StructField {
  readonly id: number
  readonly at: number
  readonly name: string
  readonly value: Expr
  readonly isOptional: boolean
}

export interface StructExpr extends Base {
  readonly kind: 'struct'
  readonly typeName: string
  readonly fields: readonly StructField[]
}

/** What all macros over lists and maps become: a fold. */
export interface Comprehension extends Base {
  readonly kind: 'fold'
  readonly range: Expr
  readonly iterVar: string
  readonly iterVar2: string | undefined
  readonly accuVar: string
  readonly init: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}

/** What each kind of expression is answered with. */
export type Visitor<T> = { [Kind in Expr['kind']]: (expr: Extract<Expr, { kind: Kind }>) => T }

/** What a visitor answers an expression with. */
export function visit<T>(visitor: Visitor<T>, expr: Expr): T {
  return visitor[expr.kind](expr as never)
}

/** The hidden accumulator of macros. */
export const accumulator = '@result'

/** The expressions directly inside of one. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'select':
      return [expr.operand]
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args
    case 'list':
      return expr.items
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value])
    case 'struct':
      return expr.fields.map(({ value }) => value)
    case 'fold':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result]
    default:
      return []
  }
}

/** `a.b.c` as text when an expression is nothing but names. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name
  if (expr.kind !== 'select' || expr.isTest) return undefined
  const prefix = qualifiedName(expr.operand)
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`
}
