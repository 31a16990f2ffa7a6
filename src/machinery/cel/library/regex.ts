/** Regular expressions in RE2's syntax and in linear time (cel-go `matches`, apiserver pkg/cel/library/regex.go). */
import type { Steps } from '../../../std/turns.ts'
import { type GoRegExp, goRegExp } from '../../regexp/go-regexp.ts'
import { CelError } from '../language/errors.ts'
import { intType, listOf, stringType } from '../language/type.ts'
import { type Functions, inSteps, member } from './declare.ts'

function compiled(pattern: string, prefix: string): GoRegExp {
  const found = goRegExp(pattern)
  if ('fault' in found) throw new CelError(prefix + found.fault)
  return found.regExp
}

export function matches(text: string, pattern: string): boolean {
  return compiled(pattern, '').matcher(text).find()
}

function find(text: string, pattern: string): string {
  const matcher = compiled(pattern, 'Illegal regex: ').matcher(text)
  return matcher.find() ? (matcher.group() ?? '') : ''
}

/** Found between two pauses. */
const stepFound = 1_024

function* findAll(text: string, pattern: string, limit = -1n): Steps<string[]> {
  const matcher = compiled(pattern, 'Illegal regex: ').matcher(text)
  const found: string[] = []
  while ((limit < 0n || found.length < limit) && matcher.find()) {
    found.push(matcher.group() ?? '')
    if (found.length % stepFound === 0) yield
  }
  return found
}

const texts = listOf(stringType)

export const regex: Functions = {
  find: [member('string_find_string', [stringType, stringType], stringType, find)],
  findAll: [
    inSteps(member('string_find_all_string', [stringType, stringType], texts), findAll),
    inSteps(member('string_find_all_string_int', [stringType, stringType, intType], texts), findAll),
  ],
}
