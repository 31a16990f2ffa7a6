import { describe, expect, test } from 'bun:test'
import { DecodeError } from './errors.ts'
import { decodeJson } from './json/index.ts'
import { decodeYaml, prepareYaml } from './yaml.ts'

const read = (text: string) => JSON.parse(decodeYaml(text).json)

describe('YAML is read as Go reads it', () => {
  test('yes, on and single letters are booleans, dates and clock times are texts, numbers have bases', () => {
    const text = 'a: yes\nb: off\nc: 2024-01-01\nd: 12:30\ne: 0777\nf: 0x1f\ng: 1_000\nh: ~\ni: "1"\n'
    const expected = {
      a: true,
      b: false,
      c: '2024-01-01',
      d: '12:30',
      e: 511,
      f: 31,
      g: 1000,
      h: null,
      i: '1',
    }
    expect(read(text)).toEqual(expected)
  })

  test('keys become texts', () => {
    expect(read('1: a\ntrue: b\n')).toEqual({ '1': 'a', true: 'b' })
  })

  test('only the first document counts, and a --- inside a text ends none', () => {
    expect(read('# comment\n---\na: 1\n---\nb: 2\n')).toEqual({ a: 1 })
    expect(read('%YAML 1.1\n# comment\n---\na: 1\n')).toEqual({ a: 1 })
    expect(read('a: |\n  x\n  ---\n  y\n')).toEqual({ a: 'x\n---\ny\n' })
  })

  test('merge keys are merged', () => {
    expect(read('x: &x {a: 1}\nz:\n  <<: *x\n  b: 2\n')).toEqual({ x: { a: 1 }, z: { a: 1, b: 2 } })
  })

  test('the last of two equal keys wins, and strict reading names it with its line', () => {
    expect(read('a: 1\nb: 2\na: 3\n')).toEqual({ a: 3, b: 2 })
    const errors = ['yaml: unmarshal errors:\n  line 3: key "a" already set in map']
    expect(decodeYaml('a: 1\nb: 2\na: 3\n', { strict: true }).strictErrors).toEqual(errors)
  })
})

test('octal numbers of either spelling, and bytes as the text that they are', () => {
  expect(read('a: 0777\nb: 0o777\nc: -0o7\nd: !!binary QUI=\n')).toEqual({ a: 511, b: 511, c: -7, d: 'AB' })
})

describe('JSON sent as YAML', () => {
  test('is taken as it is, but for keys that come twice', () => {
    expect(decodeYaml('{"a": [1, "yes"]}')).toEqual({ json: '{"a": [1, "yes"]}', strictErrors: [] })
    // A number is a number in YAML.
    expect(decodeYaml('{"a": [80.0]}').json).toBe('{"a":[80]}')
    const { json, strictErrors } = decodeYaml('{"a": 1, "a": 2}', { strict: true })
    expect(JSON.parse(json)).toEqual({ a: 2 })
    expect(strictErrors).toEqual(['yaml: unmarshal errors:\n  line 1: key "a" already set in map'])
  })
})

describe('bad YAML is refused', () => {
  test.each([
    ['lists in lines', `${'- '.repeat(5_000)}x`],
    ['lists in brackets', '['.repeat(5_000)],
    ['maps in braces', `${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}`],
    ['maps in lines', Array.from({ length: 1_500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('that nests too deeply: %s', (_what, text) => {
    expect(() => decodeYaml(text)).toThrow('yaml: exceeded max depth of 1000')
  })

  test.each(['a: [1, 2', 'a: b: c', '\ta: 1', 'a: *nope'])('%j', text => {
    expect(() => decodeYaml(text)).toThrow(DecodeError)
  })

  // What a stock server says of each.
  test.each([
    ['a: .inf', 'json: unsupported value: +Inf'],
    ['a: {b: -.INF}', 'json: unsupported value: -Inf'],
    ['a: [.nan]', 'json: unsupported value: NaN'],
    ['a: {~: d}', 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "d"'],
    ['a: {? [a, 1] : b}', 'yaml: invalid map key: []interface {}{"a", 1}'],
    ['a: b: c', 'yaml: mapping values are not allowed in this context'],
    ['a: "x', 'yaml: found unexpected end of stream'],
    ['a:\n  b:\n\tc: d', 'yaml: line 3: found character that cannot start any token'],
  ])('in upstream words: %j', (text, message) => {
    expect(() => decodeYaml(text)).toThrow(new DecodeError(message))
  })

  test('aliases that multiply', () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(',')}]\n`
    const bomb = level('a', 'x') + level('b', '*a') + level('c', '*b') + level('d', '*c') + level('e', '*d')
    expect(() => decodeYaml(bomb)).toThrow('yaml: document contains excessive aliasing')
  })

  test.each(['1e400', '-1e400', '1_0e400', '9'.repeat(310)])('%s fits no float and is a text', number => {
    expect(read(`a: ${number}`)).toEqual({ a: number })
  })

  test('a number that fits no float is a text in JSON, too', () => {
    expect(read('{"a":1e400,"b":1e308}')).toEqual({ a: '1e400', b: 1e308 })
  })

  test('__proto__ is an ordinary key', () => {
    const object = read('__proto__: {polluted: true}\nb: 1\n')
    expect(Object.keys(object)).toEqual(['__proto__', 'b'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

test('a text that was read elsewhere reads the same, faults too', async () => {
  for (const text of ['a: 1\na: 2\n', '{"a":1}', 'a: [', 'a: &a [x]\nb: *a', '']) {
    const bytes = Buffer.from(text)
    const asked: string[] = []
    const elsewhere = async (question: string) => {
      asked.push(question)
      return decodeYaml(question, { strict: true })
    }
    await prepareYaml(bytes, { read: elsewhere, print: async json => json }, () => undefined)
    expect(asked).toEqual([text])
    const outcome = (body: string | Uint8Array, strict: boolean) => {
      try {
        const { json, bytes: same = json, strictErrors } = decodeYaml(body, { strict })
        return { json, strictErrors, object: decodeJson(undefined, same).object }
      } catch (error) {
        return (error as Error).message
      }
    }
    for (const strict of [true, false]) expect(outcome(bytes, strict)).toEqual(outcome(text, strict))
  }
})

test.each([
  ['a: &a {b: *a}', "yaml: anchor 'a' value contains itself"],
  ['x: &x 1\na: &b [1, {c: [*x, *b]}]', "yaml: anchor 'b' value contains itself"],
  ['a: *b', "yaml: unknown anchor 'b' referenced"],
])('an alias that leads nowhere is told as go-yaml tells it: %s', (text, message) => {
  expect(() => decodeYaml(text)).toThrow(message)
})
