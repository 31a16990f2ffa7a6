import { expect, test } from 'bun:test'
import { parseJson } from './index.ts'
import { jsonSyntaxError } from './syntax.ts'

/** What the Go standard library says of each text; empty where it is JSON. */
const cases: [text: string, message: string][] = [
  ['', 'unexpected end of JSON input'],
  ['\u0000', "invalid character '\\x00' looking for beginning of value"],
  [' \t', 'unexpected end of JSON input'],
  ['"\n"', "invalid character '\\n' in string literal"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"a', 'unexpected end of JSON input'],
  ['"a" "', "invalid character '\"' after top-level value"],
  ["'", "invalid character '\\'' looking for beginning of value"],
  [',', "invalid character ',' looking for beginning of value"],
  ['-', "invalid character ' ' in numeric literal"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['01', "invalid character '1' after top-level value"],
  ['1 2', "invalid character '2' after top-level value"],
  ['1.', "invalid character ' ' after decimal point in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1e', "invalid character ' ' in exponent of numeric literal"],
  ['1e+', "invalid character ' ' in exponent of numeric literal"],
  ['1ex', "invalid character 'x' in exponent of numeric literal"],
  ['<', "invalid character '<' looking for beginning of value"],
  ['[', 'unexpected end of JSON input'],
  ['["a\tb"]', "invalid character '\\t' in string literal"],
  ['[1', 'unexpected end of JSON input'],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['[1}', "invalid character '}' after array element"],
  [']', "invalid character ']' looking for beginning of value"],
  ['falsy', "invalid character 'y' in literal false (expecting 'e')"],
  ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
  ['tru', "invalid character ' ' in literal true (expecting 'e')"],
  ['trux', "invalid character 'x' in literal true (expecting 'e')"],
  ['{', 'unexpected end of JSON input'],
  ['{"a"', 'unexpected end of JSON input'],
  ['{"a" 1', "invalid character '1' after object key"],
  ['{"a":1', 'unexpected end of JSON input'],
  ['{"a":1 x', "invalid character 'x' after object key:value pair"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a":[{"b":}]}', "invalid character '}' looking for beginning of value"],
  ['{"a":tr', "invalid character ' ' in literal true (expecting 'u')"],
  ['{"a":é}', "invalid character 'Ã' looking for beginning of value"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{]', "invalid character ']' looking for beginning of object key string"],
  ['{a', "invalid character 'a' looking for beginning of object key string"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['é', "invalid character 'Ã' looking for beginning of value"],
  [' ', "invalid character 'â' looking for beginning of value"],
]

test.each(cases)('%j is judged as by Go', (text, message) => {
  expect(jsonSyntaxError(text) ?? '').toBe(message)
})

test('a text that is JSON to Go is JSON to the engine, and no other', () => {
  const parses = (text: string) => {
    try {
      JSON.parse(text)
      return true
    } catch (error) {
      return !(error instanceof SyntaxError)
    }
  }
  for (const [text, message] of cases) expect([text, parses(text)]).toEqual([text, message === ''])
})

test.each(['[', '{"a":'])('what opens %s too often is refused by the bracket that was too much', opening => {
  const said = `invalid character '${opening[0]}' exceeded max depth`
  expect(() => parseJson(opening.repeat(20_000))).toThrow(said)
})
