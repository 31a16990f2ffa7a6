/**
 * Macros become folds (cel-go parser/macro.go, ext/comprehensions.go, ext/lists.go, cel/library.go). A call that is none stays
 * a call.
 */
import { accumulator, type Call, type Comprehension, type Expr } from './ast.ts'
import { CelSyntaxError } from './issues.ts'
import type { NodeMaker } from './nodes.ts'

interface MacroCall {
  readonly make: NodeMaker
  /** Where a complaint about what is made points. */
  readonly at: number
  readonly target: Expr
  readonly args: readonly Expr[]
}

type Macro = (call: MacroCall) => Expr

/** By name and number of arguments. */
const macros: Readonly<Record<string, Macro>> = {
  'all/2': call => quantifier(call, 'all'),
  'all/3': call => quantifier(call, 'all'),
  'exists/2': call => quantifier(call, 'exists'),
  'exists/3': call => quantifier(call, 'exists'),
  'exists_one/2': call => quantifier(call, 'one'),
  'existsOne/2': call => quantifier(call, 'one'),
  'existsOne/3': call => quantifier(call, 'one'),
  'exists_one/3': call => quantifier(call, 'one'),
  'map/2': mapMacro,
  'map/3': mapMacro,
  'filter/2': filterMacro,
  'transformList/3': transformList,
  'transformList/4': transformList,
  'transformMap/3': transformMap,
  'transformMap/4': transformMap,
  'transformMapEntry/3': transformMapEntry,
  'transformMapEntry/4': transformMapEntry,
  'sortBy/2': sortBy,
  'optMap/2': call => optMap(call, true),
  'optFlatMap/2': call => optMap(call, false),
}

/** What a call stands for. Throws CelSyntaxError for a macro that is misused. */
export function expandMacro(make: NodeMaker, call: Call): Expr {
  const { target, name, args, at } = call
  if (!target) return name === 'has' && args.length === 1 ? has(make, call) : call
  const macro = Object.hasOwn(macros, `${name}/${args.length}`) ? macros[`${name}/${args.length}`] : undefined
  return macro ? macro({ make, at, target, args }) : call
}

function has(make: NodeMaker, { args, at }: Call): Expr {
  const [arg] = args
  if (arg?.kind !== 'select' || arg.isTest) throw misuse(arg ?? { at }, 'invalid argument to has() macro')
  return make.select(at, arg.operand, arg.field, true)
}

function misuse({ at }: { readonly at: number }, message: string): CelSyntaxError {
  return new CelSyntaxError([{ at, message }])
}

function variable(expr: Expr): string {
  if (expr.kind !== 'ident' || expr.name.startsWith('.')) throw misuse(expr, 'argument is not an identifier')
  return iterationVariable(expr, expr.name)
}

function iterationVariable(expr: Expr, name: string): string {
  if (name === accumulator || name === '__result__')
    throw misuse(expr, 'iteration variable overwrites accumulator variable')
  return name
}

function simpleName(arg: Expr): string {
  if (arg.kind !== 'ident' || arg.name.startsWith('.')) throw misuse(arg, 'argument must be a simple name')
  return iterationVariable(arg, arg.name)
}

/** One name or, where a macro has one argument more, two different ones. */
function variables(args: readonly Expr[], count: number): readonly [string, string | undefined] {
  if (count === 1) return [variable(args[0]!), undefined]
  const names = args.slice(0, 2).map(simpleName)
  if (names[0] === names[1]) throw misuse(args[1]!, `duplicate variable name: ${names[0]}`)
  return [names[0]!, names[1]]
}

type Fold = Pick<Comprehension, 'init' | 'condition' | 'step' | 'result'>

function fold(
  { make, at, target }: MacroCall,
  [iterVar, iterVar2]: readonly [string, string | undefined],
  parts: Fold,
): Comprehension {
  return { ...make.place(at), kind: 'fold', range: target, iterVar, iterVar2, accuVar: accumulator, ...parts }
}

function quantifier(call: MacroCall, kind: 'all' | 'exists' | 'one'): Expr {
  const { make, at, args } = call
  const names = args.length === 2 ? ([simpleName(args[0]!), undefined] as const) : variables(args, 2)
  const predicate = args.at(-1)!
  const accu = () => make.ident(at, accumulator)
  const notFalse = (expr: Expr) => make.call(at, '@not_strictly_false', [expr])
  if (kind === 'all') {
    return fold(call, names, {
      init: make.literal(at, true),
      condition: notFalse(accu()),
      step: make.call(at, '_&&_', [accu(), predicate]),
      result: accu(),
    })
  }
  if (kind === 'exists') {
    return fold(call, names, {
      init: make.literal(at, false),
      condition: notFalse(make.call(at, '!_', [accu()])),
      step: make.call(at, '_||_', [accu(), predicate]),
      result: accu(),
    })
  }
  const more = make.call(at, '_+_', [accu(), make.literal(at, 1n)])
  return fold(call, names, {
    init: make.literal(at, 0n),
    condition: make.literal(at, true),
    step: make.call(at, '_?_:_', [predicate, more, accu()]),
    result: make.call(at, '_==_', [accu(), make.literal(at, 1n)]),
  })
}

/** A fold that grows what it starts with by `step`, where `filter` holds. */
function grow(
  call: MacroCall,
  names: readonly [string, string | undefined],
  init: Expr,
  { step, filter }: { readonly step: Expr; readonly filter?: Expr | undefined },
): Expr {
  const { make, at } = call
  const accu = () => make.ident(at, accumulator)
  const conditional = filter ? make.call(at, '_?_:_', [filter, step, accu()]) : step
  return fold(call, names, {
    init,
    condition: make.literal(at, true),
    step: conditional,
    result: accu(),
  })
}

function append({ make, at }: MacroCall, item: Expr): Expr {
  return make.call(at, '_+_', [make.ident(at, accumulator), make.list(at, [item])])
}

function mapMacro(call: MacroCall): Expr {
  const { make, at, args } = call
  const names = variables(args, 1)
  const filter = args.length === 3 ? args[1] : undefined
  return grow(call, names, make.list(at, []), { step: append(call, args.at(-1)!), filter })
}

function filterMacro(call: MacroCall): Expr {
  const { make, at, args } = call
  const names = variables(args, 1)
  return grow(call, names, make.list(at, []), { step: append(call, args[0]!), filter: args[1] })
}

function transformList(call: MacroCall): Expr {
  const { make, at, args } = call
  const names = variables(args, 2)
  const filter = args.length === 4 ? args[2] : undefined
  return grow(call, names, make.list(at, []), { step: append(call, args.at(-1)!), filter })
}

function transformMap(call: MacroCall): Expr {
  const { make, at, args } = call
  const names = variables(args, 2)
  const filter = args.length === 4 ? args[2] : undefined
  const key = make.ident(at, names[0])
  const step = make.call(at, 'cel.@mapInsert', [make.ident(at, accumulator), key, args.at(-1)!])
  return grow(call, names, make.map(at, []), { step, filter })
}

function transformMapEntry(call: MacroCall): Expr {
  const { make, at, args } = call
  const names = variables(args, 2)
  const filter = args.length === 4 ? args[2] : undefined
  const step = make.call(at, 'cel.@mapInsert', [make.ident(at, accumulator), args.at(-1)!])
  return grow(call, names, make.map(at, []), { step, filter })
}

/** A variable that is computed once: a fold over nothing whose result reads it. */
function bind({ make, at }: MacroCall, name: string, init: Expr, result: Expr): Expr {
  const empty = { range: make.list(at, []), iterVar: '#unused', iterVar2: undefined }
  const loop = { condition: make.literal(at, false), step: make.ident(at, name) }
  return { ...make.place(at), kind: 'fold', ...empty, accuVar: name, init, ...loop, result }
}

function sortBy(call: MacroCall): Expr {
  const { make, at, target, args } = call
  const items = '@__sortBy_input__'
  const list = make.ident(at, items)
  const keys = mapMacro({ ...call, target: make.ident(at, items) })
  const sorted = make.memberCall(at, '@sortByAssociatedKeys', list, [keys])
  if (args[0]?.kind !== 'ident')
    throw misuse(
      args[0]!,
      'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
    )
  return bind(call, items, target, sorted)
}

function optMap(call: MacroCall, wraps: boolean): Expr {
  const { make, at, target, args } = call
  const [name, body] = args as [Expr, Expr]
  if (name.kind !== 'ident')
    throw misuse(name, `${wraps ? 'optMap' : 'optFlatMap'}() variable name must be a simple identifier`)
  const value = make.memberCall(at, 'value', target, [])
  const mapped = bind(call, name.name, value, body)
  const some = wraps ? make.call(at, 'optional.of', [mapped]) : mapped
  const has = make.memberCall(at, 'hasValue', target, [])
  return make.call(at, '_?_:_', [has, some, make.call(at, 'optional.none', [])])
}
