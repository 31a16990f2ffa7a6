/** Literals that can only fail: durations, timestamps and patterns that do not parse (cel-go ASTValidators). */
import { goRegExp } from '../regexp/go-regexp.ts'
import { type Call, childrenOf, type Expr } from './language/ast.ts'
import type { Checked } from './language/checker.ts'
import type { Complaint } from './language/issues.ts'
import { parseDuration, parseTimestamp } from './language/time.ts'

export function literalComplaints({ expr }: Checked): readonly Complaint[] {
  const complaints: Complaint[] = []
  visit(expr, complaints)
  return complaints
}

function visit(expr: Expr, complaints: Complaint[]): void {
  if (expr.kind === 'call') {
    const argument = literalArgument(expr)
    const fault = argument === undefined ? undefined : faultOf(expr.name, argument.value)
    if (fault) complaints.push({ at: argument!.at, message: fault })
  }
  for (const child of childrenOf(expr)) visit(child, complaints)
}

function literalArgument({
  name,
  args,
  target,
}: Call): { readonly at: number; readonly value: string } | undefined {
  const argument = name === 'matches' ? (target ? args[0] : args[1]) : args[0]
  if (argument?.kind !== 'const' || typeof argument.value !== 'string') return undefined
  return { at: argument.at, value: argument.value }
}

function faultOf(name: string, text: string): string | undefined {
  if (name === 'duration' && !parseDuration(text)) return 'invalid duration argument'
  if (name === 'timestamp' && !parseTimestamp(text)) return 'invalid timestamp argument'
  if (name !== 'matches') return undefined
  return 'fault' in goRegExp(text) ? 'invalid matches argument' : undefined
}
