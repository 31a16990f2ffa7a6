import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { libraryText, yamlText } from './yaml-text.ts'

const words = [
  'y',
  'No',
  'null',
  'TRUE',
  'a: b',
  'a:b',
  'x #y',
  '- a',
  '? a',
  '.',
  '..',
  '1e3',
  '0x1f',
  '012',
  '1_0',
]
const times = [
  '2026-01-02',
  '2026-01-02T03:04:05Z',
  '2026-01-02T03:04:05.123456Z',
  '12:30:45',
  '1',
  '-1',
  '9'.repeat(25),
]
const texts = [
  '',
  ' ',
  'a ',
  ' a',
  'a-',
  'a:',
  '"',
  "it's",
  '%x',
  '---',
  'a\n---\nb',
  'a\n',
  '\n',
  'a\n b\n\n',
  ' a\nb',
  '\t',
  'a\u2028b\nc',
  'ü',
  '\ud800',
]
const more = [
  'f:metadata',
  'k:{"name":"a"}',
  'v:"x"',
  'app.kubernetes.io/name',
  'x'.repeat(1_100),
  'a\rb',
  'key\n2',
  '<<',
  '=',
  '~',
  '@a',
  '`a`',
]
const text = fc.oneof(
  fc.constantFrom(...words, ...times, ...texts, ...more),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'aZ1 :-#\n"\'./_,()=<>&*;'), maxLength: 60 }),
)
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.constant(null),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constant(undefined),
)
const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(text, tie('tree'), { maxKeys: 5 }),
  ),
}))
const object = fc.oneof(
  fc.dictionary(text, tree, { maxKeys: 6 }),
  fc.array(tree, { minLength: 1, maxLength: 4 }),
)

test('what is printed here is what the library prints', () => {
  fc.assert(
    fc.property(object, value => {
      expect(yamlText(value)).toBe(libraryText(value))
    }),
    { numRuns: 1_000 },
  )
}, 60_000)
