import type {
  Call,
  Expr,
  Ident,
  ListExpr,
  Literal,
  MapEntry,
  MapExpr,
  StructExpr,
  StructField,
} from './ast.ts'

/** Makes the nodes of one expression, each with a number of its own. */
export interface NodeMaker {
  place(at: number): { readonly id: number; readonly at: number }
  literal(at: number, value: Literal): Expr
  ident(at: number, name: string): Ident
  select(at: number, operand: Expr, field: string, isTest?: boolean): Expr
  call(at: number, name: string, args: readonly Expr[]): Call
  memberCall(at: number, name: string, target: Expr, args: readonly Expr[]): Call
  list(at: number, items: readonly Expr[], optional?: ReadonlySet<number>): ListExpr
  map(at: number, entries: readonly MapEntry[]): MapExpr
  struct(at: number, typeName: string, fields: readonly StructField[]): StructExpr
}

const none: ReadonlySet<number> = new Set()

export function nodeMaker(): NodeMaker {
  let last = 0
  const place = (at: number) => ({ id: ++last, at })
  return {
    place,
    literal: (at, value) => ({ ...place(at), kind: 'const', value }),
    ident: (at, name) => ({ ...place(at), kind: 'ident', name }),
    select: (at, operand, field, isTest = false) => ({
      ...place(at),
      kind: 'select',
      operand,
      field,
      isTest,
    }),
    call: (at, name, args) => ({ ...place(at), kind: 'call', name, target: undefined, args }),
    memberCall: (at, name, target, args) => ({ ...place(at), kind: 'call', name, target, args }),
    list: (at, items, optional = none) => ({ ...place(at), kind: 'list', items, optional }),
    map: (at, entries) => ({ ...place(at), kind: 'map', entries }),
    struct: (at, typeName, fields) => ({ ...place(at), kind: 'struct', typeName, fields }),
  }
}
