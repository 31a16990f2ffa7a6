/** What an expression that is well typed must not have all the same (cel-go ASTValidators). */
import { goRegExp } from '../regexp/go-regexp.ts'
import { formatComplaints } from './format-literals.ts'
import { type Call, childrenOf, type Expr, type ListExpr, type MapExpr } from './language/ast.ts'
import type { Checked } from './language/checker.ts'
import type { Complaint } from './language/issues.ts'
import { parseDuration, parseTimestamp } from './language/time.ts'
import { formatType, isSameType, type Type, unwrapOptional } from './language/type.ts'

/** Literals that can only fail, and lists and maps of several types. */
export function literalComplaints(checked: Checked): readonly Complaint[] {
  const complaints: Complaint[] = []
  visit(checked.expr, { checked, complaints, mayMix: false })
  return complaints
}

interface Visit {
  readonly checked: Checked
  readonly complaints: Complaint[]
  /** Within the arguments of `format`. */
  readonly mayMix: boolean
}

function visit(expr: Expr, place: Visit): void {
  const { checked, complaints, mayMix } = place
  if (expr.kind === 'call') complaints.push(...argumentComplaints(expr), ...formatComplaints(expr, checked))
  if (!mayMix && expr.kind === 'list') complaints.push(...listComplaints(expr, checked))
  if (!mayMix && expr.kind === 'map') complaints.push(...mapComplaints(expr, checked))
  const inner = expr.kind === 'call' && expr.name === 'format' ? { ...place, mayMix: true } : place
  for (const child of childrenOf(expr)) visit(child, inner)
}

function argumentComplaints({ name, args, target }: Call): readonly Complaint[] {
  const argument = name === 'matches' && !target ? args[1] : args[0]
  if (argument?.kind !== 'const' || typeof argument.value !== 'string') return []
  return isWrong(name, argument.value) ? [{ at: argument.at, message: `invalid ${name} argument` }] : []
}

function isWrong(name: string, text: string): boolean {
  if (name === 'duration') return !parseDuration(text)
  if (name === 'timestamp') return !parseTimestamp(text)
  return name === 'matches' && 'fault' in goRegExp(text)
}

function mixed({ at }: Expr, wanted: Type, found: Type): readonly Complaint[] {
  if (isSameType(wanted, found)) return []
  return [{ at, message: `expected type '${formatType(wanted)}' but found '${formatType(found)}'` }]
}

function listComplaints({ items, optional }: ListExpr, { typeOf }: Checked): readonly Complaint[] {
  const types = items.map((item, index) =>
    optional.has(index) ? unwrapOptional(typeOf(item)) : typeOf(item),
  )
  return items.flatMap((item, index) => mixed(item, types[0]!, types[index]!)).slice(0, 1)
}

function mapComplaints({ entries }: MapExpr, { typeOf }: Checked): readonly Complaint[] {
  const [first, ...others] = entries.map(({ key, value, isOptional }) => {
    return {
      key,
      value,
      keyType: typeOf(key),
      valueType: isOptional ? unwrapOptional(typeOf(value)) : typeOf(value),
    }
  })
  return others.flatMap(({ key, value, keyType, valueType }) => [
    ...mixed(key, first!.keyType, keyType),
    ...mixed(value, first!.valueType, valueType),
  ])
}
