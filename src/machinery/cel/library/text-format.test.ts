import { expect, test } from 'bun:test'
import { compileIn } from '../compile.ts'
import { declare } from '../environment.ts'

const environment = declare({ variables: {} })

function evaluate(expression: string): unknown {
  const program = compileIn(environment, expression)
  if ('fault' in program) throw new Error(program.fault)
  return program.evaluate(() => undefined).value
}

/** As cel-go 0.26 with version 2 of its strings answered. */
const printed: Readonly<Record<string, string>> = {
  '"%s".format([1234567.5])': '1.2345675e+06',
  '"%s".format([999999.0])': '999999',
  '"%s".format([-1.0 / 0.0])': '-Inf',
  '"%s".format([[1.0, 1e21, -0.0, 0.0 / 0.0]])':
    '[1.000000, 1000000000000000000000.000000, -0.000000, "NaN"]',
  '"%s".format([[b"ab", "a\\n"]])': '[b"ab", "a\\n"]',
  '"%s".format([[duration("1h1.5s"), timestamp("2024-02-29T10:00:00.5Z")]])':
    '[duration("3601.5s"), timestamp("2024-02-29T10:00:00.5Z")]',
  '"%s".format([{1: 1, 10: 2, 2: 3, -1: 4}])': '{-1:4, 1:1, 10:2, 2:3}',
  '"%s".format([{"\\U0001F600": 2, "a": [type(1), null]}])': '{"a":[int, null], "😀":2}',
  '"%f".format([-1e25])': '-10,000,000,000,000,000,905,969,664.000000',
  '"%.0f|%.0f|%.1f".format([2.5, 3.5, 0.25])': '2|4|0.2',
  '"%.3f|%.3f".format([-0.0, -0.0001])': '0.000|-0.000',
  '"%.300f".format([0.1])': '0.1000000000000000055511151231257827021181583404541015625',
  '"%.40000f".format([1234.5])': `1,234.5${'0'.repeat(63)}`,
  '"%.99999999f".format([0.16])': '%!(NOVERB)',
  '"%f|%e|%.0e".format(["Infinity", -1.0 / 0.0, 1.0 / 0.0])': '∞|    -∞|∞',
  '"%e|%e".format([1234566.5, 1234567.5])': '1.234566×10⁰⁶|1.234568×10⁰⁶',
  '"%.15e|%e".format([-2.5, 1e-300])': ' -2.500000×10⁰⁰|1.000000×10⁻³⁰⁰',
  'dyn("a").format([1])': 'a',
}

test.each(Object.entries(printed))('%p is printed', (expression, text) => {
  expect(evaluate(expression)).toBe(text)
})

const refused: Readonly<Record<string, string>> = {
  'dyn("%").format([1])': 'unexpected end of string',
  'dyn("%s").format([])': 'index 0 out of range',
  '"%é".format([1])': 'unrecognized formatting clause "Ã"',
  '"%d".format([dyn(1.5)])': 'decimal clause can only be used on integers, was given double',
  '"%b".format(["a"])': 'only integers and bools can be formatted as binary, was given string',
  '"%s".format([dyn({1.5: 1})])': 'no formatting function for map key of type double',
  '"%s".format([dyn([optional.of(1)])])': 'no formatting function for optional_type',
  'cidr("10.0.0.0/8").containsIP("x")': 'no such overload',
}

test.each(Object.entries(refused))('%p is refused', (expression, why) => {
  expect(() => evaluate(expression)).toThrow(why)
})
