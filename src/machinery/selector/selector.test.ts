import { describe, expect, test } from 'bun:test'
import {
  exactFieldValue,
  exactLabelValue,
  formatFieldSelector,
  formatSelector,
  isEverything,
  labelSelectorFrom,
  labelSelectorOf,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
} from './index.ts'

describe('label selector text', () => {
  test.each([
    ['', ''],
    ['a=b', 'a=b'],
    ['a == b', 'a==b'],
    ['b!=c,a=b', 'a=b,b!=c'],
    ['x in (foo,,baz),y,z notin ()', 'x in (,baz,foo),y,z notin ()'],
    ['!a', '!a'],
    ['a>5,b<7', 'a>5,b<7'],
    ['in in (in)', 'in in (in)'],
    ['a=', 'a='],
    ['example.com/a=b', 'example.com/a=b'],
  ])('%p reads and prints as %p', (text, shown) => {
    expect(formatSelector(parseLabelSelector(text))).toBe(shown)
  })

  test.each([
    ['a=b,', "found '', expected: identifier after ','"],
    ['=b', "found '=', expected: !, identifier, or 'end of string'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    [
      '_a',
      `unable to parse requirement: <nil>: Invalid value: "_a": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  ])('%p is refused with upstream’s words', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message)
  })
})

describe('label selector matching', () => {
  const labels = { app: 'web', tier: 'front', size: '10' }
  test.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app in (db,web)', true],
    ['app notin (web)', false],
    ['missing notin (web)', true],
    ['missing!=x', true],
    ['app', true],
    ['!app', false],
    ['!missing', true],
    ['constructor', false],
    ['size>9', true],
    ['size<10', false],
    ['app>1', false],
  ])('%p selects: %p', (text, selected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(selected)
  })

  test('an absent spec selects nothing, an empty one everything', () => {
    expect(matchesLabels(labelSelectorFrom(undefined), labels)).toBe(false)
    expect(matchesLabels(labelSelectorFrom({}), labels)).toBe(true)
    expect(isEverything(labelSelectorFrom({}))).toBe(true)
    expect(isEverything(labelSelectorFrom(null))).toBe(false)
  })

  test('a spec compiles to the same text as its written form', () => {
    const selector = labelSelectorFrom({
      matchLabels: { z: '1', a: '2' },
      matchExpressions: [
        { key: 'm', operator: 'In', values: ['y', 'x'] },
        { key: 'n', operator: 'DoesNotExist' },
      ],
    })
    expect(formatSelector(selector)).toBe('a=2,m in (x,y),!n,z=1')
    expect(exactLabelValue(selector, 'a')).toBe('2')
    expect(exactLabelValue(selector, 'm')).toBeUndefined()
    expect(formatSelector(labelSelectorOf({ b: '1', a: '2' }))).toBe('a=2,b=1')
  })

  test('a spec with a wrong operator or without values is refused', () => {
    expect(() => labelSelectorFrom({ matchExpressions: [{ key: 'a', operator: 'Maybe' }] })).toThrow(
      '"Maybe" is not a valid label selector operator',
    )
    expect(() => labelSelectorFrom({ matchExpressions: [{ key: 'a', operator: 'In' }] })).toThrow(
      "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
    )
  })
})

describe('field selector', () => {
  test.each([
    ['', ''],
    ['metadata.name=a', 'metadata.name=a'],
    ['b!=1,a==2', 'a=2,b!=1'],
    ['a=x\\,y\\=z\\\\', 'a=x\\,y\\=z\\\\'],
    ['a=', 'a='],
    ['=', ''],
  ])('%p reads and prints as %p', (text, shown) => {
    expect(formatFieldSelector(parseFieldSelector(text))).toBe(shown)
  })

  test.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['a=\\', 'invalid field selector: invalid escape sequence: \\'],
  ])('%p is refused with upstream’s words', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(message)
  })

  test('matches by name and tells the exact value an index can use', () => {
    const selector = parseFieldSelector('spec.nodeName=n1,status.phase!=Failed')
    const fields: Record<string, string> = { 'spec.nodeName': 'n1', 'status.phase': 'Running' }
    expect(matchesFields(selector, field => fields[field] ?? '')).toBe(true)
    expect(matchesFields(selector, () => '')).toBe(false)
    expect(exactFieldValue(selector, 'spec.nodeName')).toBe('n1')
    expect(exactFieldValue(selector, 'status.phase')).toBeUndefined()
  })
})
