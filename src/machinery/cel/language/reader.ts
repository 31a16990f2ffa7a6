/**
 * From text to expression: `@marcbachmann/cel-js` reads, and what it read becomes our tree, with every place where cel-go
 * has it. What the library does not read goes to `parser.ts`, which knows the rest of the grammar (rooted and quoted
 * names, optional elements, messages) and says what is wrong in cel-go's words.
 */
import { type ASTNode, Environment, ParseError, type SourceRange } from '@marcbachmann/cel-js'
import type { Call, Expr, Literal, UintLiteral } from './ast.ts'
import { CelSyntaxError } from './issues.ts'
import { expandMacro } from './macros.ts'
import { type NodeMaker, nodeMaker } from './nodes.ts'
import { isReserved, parseText } from './parser.ts'

const depthMax = 250
const codePointsMax = 100_000
const intMax = 0x7fff_ffff_ffff_ffffn

let library: Environment | undefined

/** The library takes a character in a bytes literal for one byte, where the language wants its UTF-8. */
function isMisread(text: string): boolean {
  return /[^\p{ASCII}]/u.test(text) && /[bB][rR]?['"]/.test(text)
}

/** Parses an expression, macros expanded. Throws CelSyntaxError. */
export function parse(text: string): Expr {
  if (text.length > codePointsMax || isMisread(text)) return parseText(text)
  const read = readByLibrary(text)
  return read ? new Translation(text).expr(read, 0) : parseText(text)
}

function readByLibrary(text: string): ASTNode | undefined {
  library ??= new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true })
  try {
    return library.parse(text).ast
  } catch (error) {
    if (error instanceof ParseError || error instanceof RangeError) return undefined
    throw error
  }
}

const binaryNames: Readonly<Record<string, string>> = {
  ...{ '||': '_||_', '&&': '_&&_', '<': '_<_', '<=': '_<=_', '>=': '_>=_', '>': '_>_' },
  ...{ '==': '_==_', '!=': '_!=_', in: '@in', '+': '_+_', '-': '_-_', '*': '_*_', '/': '_/_', '%': '_%_' },
}

class Translation {
  readonly #source: string
  readonly #make: NodeMaker = nodeMaker()
  /** Whether offsets in UTF-16 are offsets in code points. */
  readonly #isPlain: boolean

  constructor(source: string) {
    this.#source = source
    this.#isPlain = !/[\ud800-\udbff]/.test(source)
  }

  expr(node: ASTNode, depth: number): Expr {
    if (depth > depthMax)
      throw new CelSyntaxError([{ at: 0, message: `expression recursion limit exceeded: ${depthMax}` }])
    const inner = (each: ASTNode) => this.expr(each, depth + 1)
    switch (node.op) {
      case 'value':
        return this.#literal(node.args, this.#at(node.range.start))
      case 'id':
        return this.#ident(node.args, node.range)
      case '.':
        return this.#make.select(this.#after(node.args[0], '.'), inner(node.args[0]), node.args[1])
      case '.?': {
        const at = this.#after(node.args[0], '.')
        return this.#make.call(at, '_?._', [inner(node.args[0]), this.#make.literal(at + 2, node.args[1])])
      }
      case '[]':
      case '[?]': {
        const name = node.op === '[]' ? '_[_]' : '_[?_]'
        return this.#make.call(this.#after(node.args[0], '['), name, node.args.map(inner))
      }
      case 'call':
        return this.#call(node.args[0], node.range.start + node.args[0].length, node.args[1].map(inner))
      case 'rcall':
        return this.#memberCall(node.args, inner)
      case 'list':
        return this.#make.list(this.#at(node.range.start), node.args.map(inner))
      case 'map':
        return this.#make.map(
          this.#at(node.range.start),
          node.args.map(([key, value]) => ({ key: inner(key), value: inner(value), isOptional: false })),
        )
      case '?:':
        return this.#make.call(this.#after(node.args[0], '?'), '_?_:_', node.args.map(inner))
      case '!_':
      case '-_':
        return this.#negated(node, depth)
      default: {
        const [left] = node.args as [ASTNode, ASTNode]
        const args = (node.args as ASTNode[]).map(inner)
        return this.#make.call(this.#after(left, node.op), binaryNames[node.op]!, args)
      }
    }
  }

  #literal(value: LibraryLiteral, at: number): Expr {
    if (typeof value === 'bigint' && value > intMax) throw fault(at, 'invalid int literal')
    return this.#make.literal(at, isPlainLiteral(value) ? value : { uint: BigInt(value.valueOf()) })
  }

  #ident(name: string, { start }: SourceRange): Expr {
    const at = this.#at(start)
    if (isReserved(name)) throw fault(at, `reserved identifier: ${name}`)
    return this.#make.ident(at, name)
  }

  #call(name: string, afterName: number, args: readonly Expr[]): Expr {
    const at = this.#at(this.#source.indexOf('(', afterName))
    return expandMacro(this.#make, this.#make.call(at, name, args) as Call)
  }

  #memberCall(
    [name, target, args]: Extract<ASTNode, { op: 'rcall' }>['args'],
    inner: (node: ASTNode) => Expr,
  ): Expr {
    const dot = this.#place(target, '.')
    const at = this.#at(this.#source.indexOf('(', this.#source.indexOf(name, dot) + name.length))
    return expandMacro(this.#make, this.#make.memberCall(at, name, inner(target), args.map(inner)))
  }

  /** A run of the same sign counts as one or none; a single minus before a number belongs to the number. */
  #negated(node: Extract<ASTNode, { op: '!_' | '-_' }>, depth: number): Expr {
    const at = this.#at(node.range.start)
    let operand = node.args
    let signs = 1
    while (operand.op === node.op && this.#touches(node.range.start + signs, operand)) {
      signs++
      operand = operand.args
    }
    const { op, args: value } = operand
    const isNumber = op === 'value' && (typeof value === 'bigint' || typeof value === 'number')
    if (node.op === '-_' && signs === 1 && isNumber && this.#touches(node.range.start + 1, operand))
      return this.#make.literal(at, -value)
    const inner = this.expr(operand, depth + 1)
    return signs % 2 === 0 ? inner : this.#make.call(at, node.op, [inner])
  }

  /** Nothing but space lies between: no parenthesis keeps the two apart. */
  #touches(from: number, { range }: ASTNode): boolean {
    return !this.#source.slice(from, range.start).includes('(')
  }

  /** Where the sign after an operand stands, in UTF-16: only parentheses, space and comments come before it. */
  #place({ range }: ASTNode, sign: string): number {
    return this.#source.indexOf(sign, range.end)
  }

  #after(operand: ASTNode, sign: string): number {
    return this.#at(this.#place(operand, sign))
  }

  #at(offset: number): number {
    return this.#isPlain ? offset : [...this.#source.slice(0, offset)].length
  }
}

type LibraryLiteral = Extract<ASTNode, { op: 'value' }>['args']

/** All but `3u`, for which the library has a class of its own. */
function isPlainLiteral(value: LibraryLiteral): value is Exclude<Literal, UintLiteral> {
  return value === null || typeof value !== 'object' || value instanceof Uint8Array
}

function fault(at: number, message: string): CelSyntaxError {
  return new CelSyntaxError([{ at, message }])
}
