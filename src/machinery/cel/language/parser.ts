/** The whole grammar (cel-go parser), for what the library does not read, and its complaints; macros are expanded on the way. */
import type { Call, Expr, ListExpr, Literal, MapEntry, MapExpr, StructField } from './ast.ts'
import { qualifiedName } from './ast.ts'
import { CelSyntaxError } from './issues.ts'
import { type Token, tokenize } from './lexer.ts'
import { expandMacro } from './macros.ts'
import { type NodeMaker, nodeMaker } from './nodes.ts'

const depthMax = 250
const codePointsMax = 100_000
const intMax = 0x7fff_ffff_ffff_ffffn

const reserved: ReadonlySet<string> = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

const expectations =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

/** Names that no variable can have. */
export function isReserved(name: string): boolean {
  return reserved.has(name)
}

/** Parses an expression. Throws CelSyntaxError. */
export function parseText(text: string): Expr {
  const size = [...text].length
  if (size > codePointsMax) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${codePointsMax}`
    throw new CelSyntaxError([{ at: 0, message }])
  }
  const parser = new Parser(tokenize(text))
  return parser.whole()
}

/** Binary operators by how tightly they bind, loosest first. */
const levels: readonly Readonly<Record<string, string>>[] = [
  { '||': '_||_' },
  { '&&': '_&&_' },
  { '<': '_<_', '<=': '_<=_', '>=': '_>=_', '>': '_>_', '==': '_==_', '!=': '_!=_', in: '@in' },
  { '+': '_+_', '-': '_-_' },
  { '*': '_*_', '/': '_/_', '%': '_%_' },
]

class Parser {
  readonly #tokens: readonly Token[]
  readonly #make: NodeMaker = nodeMaker()
  #index = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Expr {
    const expr = this.#expression()
    const { kind, text, at } = this.#token
    const isLast = this.#tokens[this.#index + 1]?.kind === 'end'
    const what = isLast ? 'extraneous' : 'mismatched'
    if (kind !== 'end') this.#fail(at, `Syntax error: ${what} input '${text}' expecting <EOF>`)
    return expr
  }

  get #token(): Token {
    return this.#tokens[this.#index]!
  }

  #isOp(text: string): boolean {
    const { kind, text: found } = this.#token
    return kind === 'op' && found === text
  }

  #accept(text: string): Token | undefined {
    const token = this.#token
    if (!this.#isOp(text)) return undefined
    this.#index++
    return token
  }

  #expect(text: string): Token {
    const found = this.#accept(text)
    if (found) return found
    const { text: seen, at, kind } = this.#token
    const verb =
      kind === 'end' ? `missing '${text}' at '<EOF>'` : `mismatched input '${seen}' expecting '${text}'`
    return this.#fail(at, `Syntax error: ${verb}`)
  }

  #fail(at: number, message: string): never {
    throw new CelSyntaxError([{ at, message }])
  }

  #expression(): Expr {
    this.#depth++
    if (this.#depth > depthMax) this.#fail(0, `expression recursion limit exceeded: ${depthMax}`)
    const condition = this.#binary(0)
    const question = this.#accept('?')
    if (!question) {
      this.#depth--
      return condition
    }
    const whenTrue = this.#binary(0)
    this.#expect(':')
    const whenFalse = this.#expression()
    this.#depth--
    return this.#make.call(question.at, '_?_:_', [condition, whenTrue, whenFalse])
  }

  #binary(level: number): Expr {
    const names = levels[level]
    if (!names) return this.#unary()
    let left = this.#binary(level + 1)
    for (;;) {
      const { kind, text, at } = this.#token
      if (kind !== 'op' || !Object.hasOwn(names, text)) return left
      this.#index++
      left = this.#make.call(at, names[text]!, [left, this.#binary(level + 1)])
    }
  }

  #unary(): Expr {
    const bangs = this.#run('!')
    if (bangs.length > 0) return this.#negated(bangs, '!_')
    const next = this.#tokens[this.#index + 1]
    const isSigned = next?.kind === 'literal' && ['bigint', 'number'].includes(typeof next.value)
    if (this.#isOp('-') && isSigned) return this.#member(this.#signed())
    const signs = this.#run('-')
    return signs.length > 0 ? this.#negated(signs, '-_') : this.#member(this.#primary())
  }

  #run(text: string): Token[] {
    const found: Token[] = []
    for (let token = this.#accept(text); token; token = this.#accept(text)) found.push(token)
    return found
  }

  #negated(signs: readonly Token[], name: string): Expr {
    const operand = this.#member(this.#primary())
    return signs.length % 2 === 0 ? operand : this.#make.call(signs[0]!.at, name, [operand])
  }

  #signed(): Expr {
    const { at } = this.#tokens[this.#index++]!
    const { value } = this.#tokens[this.#index++]!
    return this.#make.literal(at, typeof value === 'bigint' ? -value : -(value as number))
  }

  #member(start: Expr): Expr {
    let expr = start
    for (let count = 0; ; count++) {
      if (count > depthMax) this.#fail(0, `expression recursion limit exceeded: ${depthMax}`)
      const dot = this.#accept('.')
      if (dot) {
        expr = this.#selected(expr, dot)
        continue
      }
      const bracket = this.#accept('[')
      if (bracket) {
        const isOptional = this.#accept('?') !== undefined
        const index = this.#expression()
        this.#expect(']')
        expr = this.#make.call(bracket.at, isOptional ? '_[?_]' : '_[_]', [expr, index])
        continue
      }
      if (!this.#isOp('{') || qualifiedName(expr) === undefined) return expr
      expr = this.#struct(expr)
    }
  }

  #selected(operand: Expr, dot: Token): Expr {
    const isOptional = this.#accept('?') !== undefined
    const { kind, text, at } = this.#token
    if (kind !== 'ident' && kind !== 'quoted')
      this.#fail(at, `Syntax error: no viable alternative at input '.${kind === 'end' ? '' : text}'`)
    this.#index++
    if (isOptional) return this.#make.call(dot.at, '_?._', [operand, this.#make.literal(at, text)])
    const open = kind === 'ident' ? this.#accept('(') : undefined
    if (!open) return this.#make.select(dot.at, operand, text)
    const args = this.#list(')')
    return expandMacro(this.#make, this.#make.memberCall(open.at, text, operand, args))
  }

  #list(end: string): Expr[] {
    const items: Expr[] = []
    if (this.#accept(end)) return items
    do items.push(this.#expression())
    while (this.#accept(','))
    this.#expect(end)
    return items
  }

  #primary(): Expr {
    const token = this.#token
    const { kind, text, at } = token
    if (kind === 'literal') {
      this.#index++
      return this.#literal(token.value!, at)
    }
    if (this.#accept('(')) {
      const inner = this.#expression()
      this.#expect(')')
      return inner
    }
    if (this.#accept('[')) return this.#listLiteral(at)
    if (this.#accept('{')) return this.#mapLiteral(at)
    const isRooted = this.#accept('.') !== undefined
    const named = this.#token
    if (named.kind === 'ident') return this.#named(named, isRooted)
    const seen = kind === 'end' ? '<EOF>' : text
    return this.#fail(at, `Syntax error: mismatched input '${seen}' expecting ${expectations}`)
  }

  #literal(value: Literal, at: number): Expr {
    if (typeof value === 'bigint' && value > intMax) this.#fail(at, 'invalid int literal')
    return this.#make.literal(at, value)
  }

  #named({ text, at }: Token, isRooted: boolean): Expr {
    this.#index++
    if (reserved.has(text)) this.#fail(at, `reserved identifier: ${text}`)
    const open = this.#accept('(')
    if (!open) return this.#make.ident(at, isRooted ? `.${text}` : text)
    const args = this.#list(')')
    return expandMacro(this.#make, this.#make.call(open.at, text, args) as Call)
  }

  #listLiteral(at: number): ListExpr {
    const items: Expr[] = []
    const optional = new Set<number>()
    while (!this.#isOp(']')) {
      if (this.#accept('?')) optional.add(items.length)
      items.push(this.#expression())
      if (!this.#accept(',')) break
    }
    this.#expect(']')
    return this.#make.list(at, items, optional)
  }

  #mapLiteral(at: number): MapExpr {
    const entries: MapEntry[] = []
    while (!this.#isOp('}')) {
      const isOptional = this.#accept('?') !== undefined
      const key = this.#expression()
      this.#expect(':')
      entries.push({ key, value: this.#expression(), isOptional })
      if (!this.#accept(',')) break
    }
    this.#expect('}')
    return this.#make.map(at, entries)
  }

  #struct(named: Expr): Expr {
    const { at } = this.#expect('{')
    const fields: StructField[] = []
    while (!this.#isOp('}')) {
      const isOptional = this.#accept('?') !== undefined
      const { kind, text, at: nameAt } = this.#token
      if (kind !== 'ident' && kind !== 'quoted')
        this.#fail(nameAt, `Syntax error: mismatched input '${text}' expecting IDENTIFIER`)
      this.#index++
      const colon = this.#expect(':')
      fields.push({ ...this.#make.place(colon.at), name: text, value: this.#expression(), isOptional })
      if (!this.#accept(',')) break
    }
    this.#expect('}')
    return this.#make.struct(at, qualifiedName(named)!, fields)
  }
}
