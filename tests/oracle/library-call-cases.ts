import { get, type OracleCase, send } from './case.ts'
import { calling, compiledCases, expressions } from './library-cases.ts'
import { definition, definitions, group, object } from './rule-schemas.ts'

/** Refused when they are compiled: what cannot be printed, is wrong as it stands, or is in no library. */
const refused: ReadonlySet<string> = new Set([
  '["a", "b"].join()',
  '["a", "b"].join("-")',
  '"hæj".reverse()',
  '"%d".format(["a"])',
  '"%s %s".format(["a"])',
  '"%z".format([1])',
  'int("x")',
  'uint(-1)',
  'string(b"\\xff")',
  'bool("yes")',
  'duration("1d")',
  'timestamp("2024-02-30T10:00:00Z")',
  '["b", "a"].isSorted()',
  '[1, 2].first()',
  '[1, 2].last()',
  '[?optional.of(1), ?optional.none()]',
  '{?"a": optional.of(1)}',
  '"a".matches("[")',
  '"a".find("(?=a)")',
  'ip("x")',
  'cidr("x")',
  'quantity("-5").sign()',
  'quantity("1k").sub(quantity("1k")).sign()',
  'quantity("x")',
  'semver("1.2")',
  'jsonpatch.escapeKey("a/b~c")',
  'math.greatest(1, 2)',
  'base64.encode(b"a")',
  'cel.bind(x, 1, x)',
  'authorizer.group("")',
])

/** What `format` makes of each kind of value, and says of those that a clause does not take. */
const printed: readonly string[] = [
  ...['1000000.0', '999999.0', '123456789.5', '1e21', '0.00001', '-0.0', '0.0 / 0.0', '-1.0 / 0.0'],
  ...[
    '[1.0, 1e21, -0.0, 1.0 / 0.0, 0.0 / 0.0]',
    '[b"ab", "é\\n\\u200b"]',
    'b"\\xff\\x00"',
    '[null, true, 1u]',
  ],
  ...['[duration("1h1.5s")]', '[timestamp("2024-02-29T10:00:00.5Z")]', '[type(1), type([1])]'],
  ...['{"b": [1], "a": [2]}', '{1: 1, 10: 2, 2: 3, -1: 4}', '{true: 1, false: 2}', 'dyn({1.5: 1})'],
  ...['dyn(optional.of(1))', 'dyn([optional.of(1)])', 'dyn(quantity("1"))', 'dyn([ip("::1")])'],
  ...[
    '"%f".format([1234567.891])',
    '"%.0f".format([2.5])',
    '"%.3f".format([-0.0001])',
    '"%f".format([-1e25])',
  ],
  ...[
    '"%f".format([1.0 / 0.0])',
    '"%f".format(["-Infinity"])',
    '"%f".format(["x"])',
    '"%.300f".format([0.1])',
  ],
  ...[
    '"%e".format([1.0 / 0.0])',
    '"%.20e".format([-2.5])',
    '"%e".format([1.5e-7])',
    '"%e".format([1234566.5])',
  ],
  ...[
    '"%d".format([dyn(1.5)])',
    '"%f".format([dyn(1)])',
    '"%e".format([dyn(true)])',
    '"%x".format([dyn(1.5)])',
  ],
  ...['"%b".format([dyn("a")])', '"%o".format([dyn("a")])', '"%X".format(["zé"])', '"%x".format([-255])'],
  ...['dyn("%").format([1])', 'dyn("%s").format([])', 'dyn("a").format([1])', 'dyn("%.f").format([1.5])'],
  ...[
    'dyn("%.3").format([1.5])',
    'dyn("%z").format([1])',
    'dyn("%é").format([1])',
    'dyn("%.3s").format([1.5])',
  ],
  ...['cidr("10.0.0.0/8").containsCIDR("x")', 'string(1e20)'],
]
const called = [...expressions.filter(expression => !refused.has(expression)), ...printed]

const path = `/apis/${group}/v1/namespaces/oracle/calls`
const fields = Object.fromEntries(called.map((expression, index) => [`f${index}`, calling(expression)]))
const evaluated = called.map((expression, index) =>
  send('POST', `library: evaluate ${expression}`, `${path}?dryRun=All`, {
    ...{ apiVersion: `${group}/v1`, kind: 'Calls', metadata: { name: 'call' } },
    [`f${index}`]: 'x',
  }),
)

/** Clauses and values that do not fit, which is said before anything is evaluated. */
const unfit = [
  '"%b".format(["a"])',
  '"%x".format([1.5])',
  '"%é".format([1])',
  '"%.99999999999999999999f".format([1.5])',
]
const refusedCases = unfit.map(expression =>
  send(
    'POST',
    `library: compile ${expression}`,
    `${definitions}?dryRun=All`,
    definition('tried', object({ f: calling(expression) })),
  ),
)

/** Every function of every library, compiled and evaluated through the rules of a custom kind. */
export const libraryCases: readonly OracleCase[] = [
  ...compiledCases,
  ...refusedCases,
  send('POST', 'library: define', definitions, definition('calls', object(fields))),
  { ...get('library: served', path), until: 200 },
  ...evaluated,
  { name: 'library: remove', method: 'DELETE', path: `${definitions}/calls.${group}` },
]
