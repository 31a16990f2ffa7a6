import { expect, test } from 'bun:test'
import { parseText } from './parser.ts'
import { parse } from './reader.ts'

/** What both readers read; each place and each complaint is compared too. */
const texts: readonly string[] = [
  ...['1+2*3 == 7 && !a.b["x"]', 'a && b || c && !d', 'a ? b : c ? d : e', 'a%b/c*d', 'a in b in c'],
  ...['-x', '-1', '- 1', '--1', '- -a', '1 - -1', '1--1', '-(1)', '-(-9223372036854775808)', '-a.b'],
  ...['!!x', '!(!x)', '!a.b()', '(((a)))', '(a + b) * c.d(1).e[2]', '((a).b).c(1)', '(a.b)(c)', '(f)(1)'],
  ...['f()', 'x.f()', 'f (1)', 'a.b (2)', 'x . y', '\t a\n.b\n(1)', 'a // c\n + b', 'a.b.c.d()', 'a["b"].c'],
  ...['a.?b.?c.orValue(1)', 'a[?0]', '[1,2][0]', '{1:2}[1]', 'type(1) == int', 'as', 'a.as'],
  ...['has(a.b)', 'has(a)', 'x.all(y, y in [1])', 'x.map(y, y > 1u, y + b"\\x01")', 'x.exists(1, true)'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '0x1F', '0x1Fu', '1.5', '-1.5e3'],
  ...['null', 'true', "b'a' == b'\\141'", "b'é'", 'r"a\\d"', '"é😀".size() + q', "'\\u00e9\\U0001F600\\a'"],
  ...['.a.b', 'a.`b-c`', '[1, ?x]', '{?"k": v}', 'pkg.Type{a: 1}'],
  ...['a.b.', 'a..b', '"\\q"', "'a\nb'", '1 +', '', 'a b', ')', '[1', 'self.x.matches("^(a")'],
]

test.each(texts)('%j is read alike with the library and without', text => {
  expect(outcome(parse, text)).toEqual(outcome(parseText, text))
})

function outcome(read: (text: string) => unknown, text: string): unknown {
  try {
    return withoutIds(read(text))
  } catch (error) {
    return { complaint: (error as Error).message }
  }
}

/** Nodes are numbered in the order in which they are made, which is each reader's own. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (value instanceof Set) return [...value]
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (key === 'id' ? [] : [[key, withoutIds(inner)]])),
  )
}
