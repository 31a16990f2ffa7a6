import {
  TypeError as CelTypeError,
  type Environment,
  ParseError,
  type ParseResult,
} from '@marcbachmann/cel-js'
import { rulesEnvironment } from './environment.ts'

export type Program = (variables: { self: unknown; oldSelf?: unknown }) => unknown

export type Compiled =
  | { readonly program: Program; readonly usesOldSelf: boolean }
  /** Why it does not compile, in the shape of cel-go's issues. */
  | { readonly fault: string }

const known = new Map<string, Compiled>()
const knownMax = 4096

/** Compiles a rule (`bool`) or a message (`string`); each text is compiled once, however many definitions share it. */
export function compile(text: string, type: 'bool' | 'string'): Compiled {
  const key = `${type}:${text}`
  let compiled = known.get(key)
  if (!compiled) {
    compiled = make(text, type)
    if (known.size >= knownMax) known.clear()
    known.set(key, compiled)
  }
  return compiled
}

function make(text: string, type: 'bool' | 'string'): Compiled {
  const checked = compileIn(rulesEnvironment(), text)
  if ('fault' in checked) return checked
  const { type: found, parsed } = checked
  if (found !== type && found !== 'dyn') return { fault: wrongType(type) }
  return { program: parsed as Program, usesOldSelf: namesOldSelf(parsed.ast) }
}

export type Checked =
  | { readonly parsed: ParseResult; readonly type: string }
  /** Why it does not compile, in the shape of cel-go's issues. */
  | { readonly fault: string }

/** Parses and checks an expression; `type` is what it evaluates to as far as that is known, or `dyn`. */
export function compileIn(environment: Environment, text: string): Checked {
  try {
    const parsed = environment.parse(text)
    const { error, type = 'dyn' } = parsed.check()
    return error ? { fault: `compilation failed: ${issue(text, error)}` } : { parsed, type }
  } catch (error) {
    if (error instanceof ParseError || error instanceof CelTypeError)
      return { fault: `compilation failed: ${issue(text, error)}` }
    throw error
  }
}

function wrongType(type: 'bool' | 'string'): string {
  return type === 'bool'
    ? 'cel expression must evaluate to a bool'
    : 'messageExpression must evaluate to a string'
}

/** `ERROR: <input>:1:6: …` and the line with a mark below, as cel-go prints an issue. */
function issue(text: string, error: ParseError | CelTypeError): string {
  const at = error.range?.start ?? 0
  const before = text.slice(0, at).split('\n')
  const column = before.at(-1)!.length
  const line = text.split('\n')[before.length - 1] ?? ''
  return `ERROR: <input>:${before.length}:${column + 1}: ${error.summary}\n | ${line}\n | ${'.'.repeat(column)}^`
}

type Node = ParseResult['ast']

function namesOldSelf(node: Node): boolean {
  if (node.op === 'id') return node.args === 'oldSelf'
  const inner = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(inner)
    return typeof value === 'object' && value !== null && 'op' in value && namesOldSelf(value as Node)
  }
  return inner(node.args)
}
