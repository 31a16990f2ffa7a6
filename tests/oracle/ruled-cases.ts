import { get, type OracleCase, patch, send } from './case.ts'
import {
  definition,
  definitions,
  group,
  holds,
  integer,
  type Json,
  keyed,
  list,
  map,
  object,
  short,
  text,
  unknown,
} from './rule-schemas.ts'

/** What a server says of objects under rules, one field each. */
const ruled = object(
  {
    spec: object({
      a: {
        ...short(20),
        ...holds(
          { rule: 'self.size() < 5', message: 'too long' },
          { rule: 'self != "bad"', messageExpression: '"no " + self', reason: 'FieldValueForbidden' },
        ),
      },
      i: { ...integer, ...holds('10 / self > 1') },
      h: object(
        { k: short(9), p: integer, q: object({ r: integer }) },
        holds("self.k == 'a' ? has(self.p) : true", "!has(self.q) || (self.k != 'b' ? true : has(self.q.r))"),
      ),
      ios: {
        'x-kubernetes-int-or-string': true,
        ...holds('type(self) == int ? self > 1 : self.size() > 1', 'self != "x"'),
      },
      l: list(
        { ...short(20), ...holds('self.startsWith("a")') },
        { maxItems: 2000, ...holds('self.size() < 4', 'self[0] == "a1"') },
      ),
      o: object(
        { x: text, y: integer },
        holds(
          { rule: 'self.y > 1', fieldPath: '.y' },
          { rule: 'has(self.x)', reason: 'FieldValueRequired', fieldPath: '.x' },
          { rule: 'self.y == 5', messageExpression: '"y is not " + (self.y > 3 ? "big" : "small")' },
        ),
      ),
      m: map(short(10), { maxProperties: 10, ...holds('self.all(k, self[k] != "no")', '"must" in self') }),
      d: { type: 'string', format: 'duration', ...holds('self > duration("1m")') },
      t: { type: 'string', format: 'date-time', ...holds('self > timestamp("2020-01-01T00:00:00Z")') },
      old: {
        ...text,
        ...holds('self == oldSelf', {
          rule: '!oldSelf.hasValue() || self == oldSelf.value()',
          optionalOldSelf: true,
        }),
      },
      grows: { ...integer, ...holds({ rule: 'self >= oldSelf', message: 'may only grow' }) },
      big: list(short(10), { maxItems: 900, ...holds('self.all(x, self.exists(y, y == x))') }),
      q: { ...text, ...holds('quantity(self).isGreaterThan(quantity("1Gi"))') },
      lm: list(object({ k: text, v: integer }, { required: ['k'], ...holds('self.v > oldSelf.v') }), keyed),
      n: { type: 'number', ...holds('self > 1.5') },
      msg: {
        ...short(20),
        ...holds(
          { rule: 'self == "ok"', messageExpression: 'self == "" ? "" : self + "\\n"' },
          { rule: 'self != "e"', messageExpression: '["a"][int(self)]', message: 'plain' },
        ),
      },
      emb: {
        ...{ type: 'object', 'x-kubernetes-embedded-resource': true, ...unknown },
        ...holds('self.metadata.name == "good"'),
      },
      slow: { type: 'string', pattern: '^(a+)+$' },
      word: { type: 'string', pattern: '^\\p{L}+$' },
    }),
  },
  holds('self.metadata.name.startsWith("t")'),
)

const refused: Readonly<Record<string, Json>> = {
  'nothing wrong': { a: 'ok' },
  'too long a text': { a: 'toolong' },
  'a text with a made message': { a: 'bad' },
  'a division by zero': { i: 0 },
  'a small number or text': { ios: 1 },
  'a text or number': { ios: 'x' },
  'a longer text or number': { ios: 'xx' },
  'faulty items': { l: ['b', 'a', 'c', 'd'] },
  'no items': { l: [] },
  'a small number in an object': { o: { y: 1 } },
  'an empty object': { o: {} },
  'a map': { m: { a: 'no' } },
  'a short duration': { d: '1s' },
  'a duration that is none': { d: 'xx' },
  'an old time': { t: '2019-01-01T00:00:00Z' },
  'a small fraction': { n: 1 },
  'a small quantity': { q: '1Mi' },
  'a quantity that is none': { q: 'zz' },
  'a message of two lines': { msg: 'x' },
  'an empty message': { msg: '' },
  'a message that fails': { msg: 'e' },
  'an embedded object': { emb: { apiVersion: 'v1', kind: 'X', metadata: { name: 'bad' } } },
  'what costs too much': { big: Array.from({ length: 899 }, (_, index) => `x${index}`) },
  'many faulty items': { l: Array.from({ length: 2000 }, (_, index) => `x${index}`) },
  'what takes a bad matcher for ever': { slow: `${'a'.repeat(30_000)}!` },
  'letters of another alphabet': { word: 'äöü' },
  'a digit for a letter': { word: '1' },
  'a field that a choice asks for': { h: { k: 'a', p: 1 } },
  'no field that a choice asks for': { h: { k: 'a' } },
  'a choice that asks for nothing': { h: { k: 'c', q: {} } },
  'no field inside that a choice asks for': { h: { k: 'b', q: {} } },
}

const ruledObjects = `/apis/${group}/v1/namespaces/oracle/ruled`
const of = (spec: Json, name = 't1') => ({
  apiVersion: `${group}/v1`,
  kind: 'Ruled',
  metadata: { name },
  spec,
})
const put = (name: string, spec: Json) => send('PUT', `ruled: ${name}`, `${ruledObjects}/t1`, of(spec))

/** Objects under rules: which are taken, and how the others are refused. */
export const ruledCases: readonly OracleCase[] = [
  send('POST', 'ruled: define', definitions, definition('ruled', ruled)),
  { ...get('ruled: wait until it is served', ruledObjects), until: 200 },
  send('POST', 'ruled: a name', `${ruledObjects}?dryRun=All`, of({}, 'x1')),
  ...Object.entries(refused).map(([name, spec]) =>
    send('POST', `ruled: ${name}`, `${ruledObjects}?dryRun=All`, of(spec)),
  ),
  send('POST', 'ruled: create', ruledObjects, of({ old: 'a', grows: 5, a: 'ok' })),
  put('an old value changed', { old: 'b', grows: 5 }),
  put('a number that shrinks', { old: 'a', grows: 4 }),
  put('a number that grows', { old: 'a', grows: 6 }),
  patch('ruled: merge patch', `${ruledObjects}/t1`, 'merge', { spec: { grows: 1 } }),
  patch('ruled: apply', `${ruledObjects}/t1?fieldManager=other&force=true`, 'apply', of({ grows: 2 })),
  put('an item that stays', {
    old: 'a',
    grows: 6,
    lm: [
      { k: 'a', v: 1 },
      { k: 'b', v: 1 },
    ],
  }),
  put('an item that grows', { old: 'a', grows: 6, lm: [{ k: 'a', v: 2 }] }),
  { name: 'ruled: delete', method: 'DELETE', path: `${ruledObjects}/t1` },
  { name: 'ruled: remove the definition', method: 'DELETE', path: `${definitions}/ruled.${group}` },
]
