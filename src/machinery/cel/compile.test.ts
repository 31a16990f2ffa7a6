import { describe, expect, test } from 'bun:test'
import { compileIn } from './compile.ts'
import { environmentWith } from './environment.ts'

const environment = environmentWith('self')

function run(text: string): unknown {
  const compiled = compileIn(environment, text)
  if ('fault' in compiled) throw new Error(compiled.fault)
  return compiled.evaluate(name => (name === 'self' ? null : undefined)).value
}

describe('the libraries of Kubernetes', () => {
  for (const text of [
    `'abc123'.find('[0-9]+') == '123'`,
    `'a1b2'.findAll('[0-9]') == ['1', '2'] && 'a1b2'.findAll('[0-9]', 1) == ['1']`,
    `'abc'.charAt(1) == 'b' && 'aaa'.replace('a', 'b', 2) == 'bba' && 'a-b'.split('-') == ['a', 'b']`,
    `'x-1'.matches('^x-[0-9]$')`,
    `[1, 2, 3].sum() == 6 && [3, 1].min() == 1 && [3, 1].max() == 3`,
    `[1, 2].isSorted() && ![2, 1].isSorted() && ['a', 'b'].indexOf('b') == 1 && [1].indexOf(2) == -1`,
    `sets.contains([1, 2], [2]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])`,
    `quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('500m').add(quantity('500m')).asInteger() == 1`,
    `isQuantity('1Gi') && !isQuantity('x') && sign(quantity('-1')) == -1`,
    `url('https://a.b:80/c?d=e').getHost() == 'a.b:80' && url('https://a.b/c').getScheme() == 'https'`,
    `isURL('https://a') && !isURL('a b')`,
    `isIP('1.2.3.4') && ip('::1').family() == 6 && ip('127.0.0.1').isLoopback()`,
    `cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')`,
    `cidr('10.0.0.0/8').prefixLength() == 8 && isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0')`,
  ]) {
    test(`know ${text}`, () => expect(run(text)).toBe(true))
  }
})

describe('what does not compile', () => {
  test('is told with its place', () => {
    const fault = (text: string) => (compileIn(environment, text) as { fault: string }).fault
    expect(fault('self.a >')).toStartWith('compilation failed: ERROR: <input>:1:')
    expect(fault('selff.a')).toContain('selff')
    expect(fault('nosuch(self)')).toContain('nosuch')
  })
})

test('what may find very much in a text stops now and then, and costs the same', () => {
  const compiled = compileIn(environment, "[self.findAll('b.'), ['none']].all(found, found.size() > 0)")
  if ('fault' in compiled) throw new Error(compiled.fault)
  const text = 'bc'.repeat(10_000)
  const steps = compiled.evaluateSteps(() => text)
  let pauses = 0
  let step = steps.next()
  for (; !step.done; step = steps.next()) pauses++
  expect(pauses).toBeGreaterThan(5)
  expect(step.value).toEqual(compiled.evaluate(() => text))
})

describe('texts count by characters, of however many units', () => {
  for (const expression of [
    "'a😀b'.charAt(2) == 'b'",
    "'a😀b'.indexOf('b') == 2 && '😀a😀a'.indexOf('a', 2) == 3",
    "'😀a😀a'.lastIndexOf('a') == 3 && '😀a😀a'.lastIndexOf('a', 2) == 1",
    "'😀a😀'.substring(1) == 'a😀' && 'abc'.substring(1, 2) == 'b'",
    "'a😀'.split('', 2) == ['a', '😀'] && 'abc'.split('', 2) == ['a', 'bc'] && ''.split('', 1) == []",
    "'a😀'.replace('', '-') == '-a-😀-' && 'ab'.replace('', '-', 2) == '-a-b' && 'ab'.replace('', '-', 0) == 'ab'",
    "'xaxax'.replace('a', '', 1) == 'xxax' && 'xaxax'.replace('a', 'bb') == 'xbbxbbx'",
  ])
    test(expression, () => expect(run(expression)).toBe(true))
})

test('lists that are made of one list do not see what was added to each other', () => {
  const made =
    '[[1, 2].map(x, x)].all(l, l + [3] == [1, 2, 3] && l + [4] + [5] == [1, 2, 4, 5] && l == [1, 2])'
  expect(run(made)).toBe(true)
  expect(
    run('[[1].map(x, x) + [2]].all(l, [l + [3], l + [4]] == [[1, 2, 3], [1, 2, 4]] && l.size() == 2)'),
  ).toBe(true)
})

test.each([
  ['null', 'null_type'],
  ['true', 'bool'],
  ['1', 'int'],
  ['1u', 'uint'],
  ['1.0', 'double'],
  ["'a'", 'string'],
  ["b'a'", 'bytes'],
  ['[1]', 'list'],
  ["{'a': 1}", 'map'],
  ["timestamp('2026-01-01T00:00:00Z')", 'google.protobuf.Timestamp'],
  ["duration('1s')", 'google.protobuf.Duration'],
  ['int', 'type'],
  ['optional.none()', 'optional_type'],
])('the type of %s is %s', (value, name) => {
  expect(run(`type(${value}) == ${name}`)).toBe(true)
  expect(run(`type(${value}) == ${name === 'int' ? 'uint' : 'int'}`)).toBe(false)
})

test('what no overload takes is told by its types', () => {
  expect(() => run("dyn(1) + dyn('a')")).toThrow('no such overload')
})
