import type { RE2JS } from 're2js'

/** A pattern in Go's syntax (RE2), matched in time that is linear in the text whatever the pattern. */
export type GoRegExp = Pick<RE2JS, 'test' | 'matcher'>

type Compiled = { readonly regExp: GoRegExp } | { readonly fault: string }

const known = new Map<string, Compiled>()
const knownMax = 4096

/** Compiles a pattern once; `fault` is what Go says about one that is none (`error parsing regexp: …`). */
export function goRegExp(pattern: string): Compiled {
  let compiled = known.get(pattern)
  if (!compiled) {
    compiled = compile(pattern)
    if (known.size >= knownMax) known.clear()
    known.set(pattern, compiled)
  }
  return compiled
}

function compile(pattern: string): Compiled {
  // The library takes 8 MB: only a server that holds patterns of users loads it.
  const library = require('re2js') as typeof import('re2js')
  try {
    return { regExp: library.RE2JS.compile(pattern) }
  } catch (error) {
    if (error instanceof library.RE2JSException) return { fault: error.message }
    throw error
  }
}
