import { describe, expect, test } from 'bun:test'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { validateRuleTexts } from './rule-texts.ts'
import { validateRules } from './value-rules.ts'

const text: JSONSchemaProps = { type: 'string' }
const short = (maxLength: number, ...rules: string[]): JSONSchemaProps => ({
  ...text,
  maxLength,
  ...withRules(...rules),
})
const list = (items: JSONSchemaProps, maxItems?: number): JSONSchemaProps => ({
  type: 'array',
  items,
  ...(maxItems !== undefined && { maxItems }),
})
const object = (properties: Record<string, JSONSchemaProps>, ...rules: string[]): JSONSchemaProps => ({
  type: 'object',
  properties,
  ...withRules(...rules),
})

function withRules(...rules: string[]): JSONSchemaProps {
  return rules.length === 0 ? {} : { 'x-kubernetes-validations': rules.map(rule => ({ rule })) }
}

function complaintsOf(schema: JSONSchemaProps): string[] {
  const errors = createFieldErrors()
  validateRuleTexts(schema, '', { compiles: true, wordsOnly: createFieldErrors(), compiled: errors })
  return errors.list.map(({ field, message }) => `${field}: ${message}`)
}

/** Of a rule beside some fields: what cel-go says of it, without the rule itself. */
function faultOf(rule: string): string | undefined {
  const fields = {
    s: text,
    n: { type: 'integer' },
    l: list(text),
    free: { 'x-kubernetes-int-or-string': true },
  }
  const [complaint] = complaintsOf(object({ spec: object(fields, rule) }))
  return complaint?.replace(/^.*"OptionalOldSelf":null\}: /, '').split('\n')[0]
}

describe('a rule is typed by its schema', () => {
  test.each<[string, string | undefined]>([
    ["self.s == 'a' && self.n > 1", undefined],
    ['self.typo == 1', "compilation failed: ERROR: <input>:1:5: undefined field 'typo'"],
    ['oldSelf.typo == 1', "compilation failed: ERROR: <input>:1:8: undefined field 'typo'"],
    [
      "self.n == 'a'",
      "compilation failed: ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(int, string)'",
    ],
    ['self.s', 'cel expression must evaluate to a bool'],
    ['self.free', 'cel expression must evaluate to a bool'],
    ['self.free == 1', undefined],
  ])('%s', (rule, fault) => {
    expect(faultOf(rule)).toBe(fault as string)
  })

  test('names every object has are known at the root', () => {
    expect(complaintsOf(object({ spec: text }, "self.metadata.name == 'a' && self.kind == 'B'"))).toEqual([])
    expect(complaintsOf(object({ spec: text }, 'has(self.metadata.labels)'))).toHaveLength(1)
  })

  test('what has no type can have no rule', () => {
    const free = { 'x-kubernetes-preserve-unknown-fields': true, ...withRules('self == 1') }
    expect(complaintsOf(object({ free }))).toEqual([
      '.properties[free].x-kubernetes-validations: Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations',
    ])
  })
})

const hint =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'

// The factors are what kube-apiserver 1.35.4 says of the same schemas.
describe('a rule may cost no more than it may', () => {
  test.each<[string, JSONSchemaProps, string | undefined]>([
    ['a pattern on an unbounded text', { ...text, ...withRules("self.matches('[a-z]+')") }, undefined],
    ['bounded items', list(short(1000, "self.matches('aaaabbbbcccc')"), 8000), undefined],
    ['items near the limit', list(short(1000, "self.matches('aaaabbbbcccc')"), 8600), '1.035440x'],
    ['more items', list(short(1000, "self.matches('aaaabbbbcccc')"), 20_000), '2.4x'],
    ['items of an unbounded list', list({ ...text, ...withRules("self.matches('a')") }), 'more than 100x'],
    [
      'every item with every other',
      { ...list(text), ...withRules('self.all(x, self.exists(y, x == y))') },
      'more than 100x',
    ],
    [
      'every item with every other, in a short list',
      { ...list(short(5), 5), ...withRules('self.all(x, self.exists(y, x == y))') },
      undefined,
    ],
  ])('%s', (_what, schema, factor) => {
    const [complaint, ...more] = complaintsOf(object({ a: schema })).filter(each => !each.includes('total'))
    expect(more).toEqual([])
    if (factor === undefined) expect(complaint).toBeUndefined()
    else
      expect(complaint).toEndWith(
        `.rule: Forbidden: estimated rule cost exceeds budget by factor of ${factor} ${hint}`,
      )
  })

  test('nor all rules of a definition together, the dearest of which are named', () => {
    const items = () => list(short(1000, "self.matches('aaaabbbb')", "self.matches('bbbbaaaa')"), 12_000)
    const schema = object(
      Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(name => [name, items()])),
    )
    const complaints = complaintsOf(schema)
    expect(complaints).toHaveLength(5)
    expect(complaints[0]).toEndWith(
      '.rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    )
    expect(complaints[4]).toStartWith(
      ': Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of ',
    )
  })
})

describe('rules of a value', () => {
  const run = (schema: JSONSchemaProps, value: unknown) => {
    const errors = createFieldErrors()
    validateRules(schema, value, { old: undefined }, errors)
    return errors.list.map(({ field, message }) => `${field}: ${message}`)
  }

  test('end with the one that costs more than one call may', () => {
    const every = 'self.all(x, self.exists(y, y == x))'
    const schema = { ...list(short(10), 900), ...withRules(every, 'false') }
    const value = Array.from({ length: 899 }, (_, i) => `x${i}`)
    expect(run(object({ l: schema }), { l: value })).toEqual([
      `l: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${every}`,
    ])
  })

  test('end when all of them have cost what they may together', () => {
    const every = 'self.all(x, self.all(y, y >= 0))'
    const inner = { ...list({ type: 'integer' }, 300), ...withRules(every) }
    const value = Array.from({ length: 40 }, () => Array.from({ length: 300 }, (_, i) => i))
    expect(run(object({ l: list(inner, 40) }), { l: value })).toEqual([
      expect.stringMatching(
        /^l\[\d+\]: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run$/,
      ),
    ])
  })

  test('name the keys of a map in brackets, and fields behind a dot', () => {
    const ports: JSONSchemaProps = {
      type: 'object',
      additionalProperties: { type: 'integer', ...withRules('self > 0') },
    }
    expect(run(object({ of: object({ ports }) }), { of: { ports: { http: 0 } } })).toEqual([
      'of.ports[http]: Invalid value: 0: failed rule: self > 0',
    ])
  })

  test('of the object itself are told without a path', () => {
    expect(run(object({}, 'false'), {})).toEqual(['<nil>: Invalid value: failed rule: false'])
  })
})
