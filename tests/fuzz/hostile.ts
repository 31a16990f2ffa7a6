/** Texts, values and bytes that have hurt parsers before. */
export const hostileTexts: readonly string[] = [
  ...['', ' ', '\u0000', '\ud800', '\u202e', 'é'.repeat(70), 'a'.repeat(300), '../../etc/passwd', '%00', '%'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'null', 'true', '~1', '~', '-'],
  ...['1e309', '-0', '9223372036854775808', '0x10', '1_000', '1Ei', '1e-99', '0.0000000000001', '-1'],
  ...['=,', '!', 'a in (', 'a in ()', 'a=b,,c', 'a==b=c', 'a notin (b', '(((', 'metadata.name=', 'x=\\'],
  ...['(a+)+$', '((a*)*)*b', '[', '\\', '(?=a)', 'a{1,100000}'],
  ...['2026-13-40T99:99:99Z', '1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z', 'now'],
  ...['10.0.0.0/33', '::1/129', '999.1.1.1', '01.02.03.04', '::ffff:1.2.3.4'],
]

/** Patterns that cost a backtracking engine the square of the text, or two to the power of it. */
export const slowPatterns: readonly string[] = [
  ...['(a+)+$', '(a|a)*$', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*a){25}', '(x+x+)+y', '(a*)*b'],
  ...['([a-zA-Z]+)*$', '(?:a?){30}a{30}', '(\\\\d+|\\\\w+)*!', 'a{1000}{1000}', '((a{100}){100}){100}'],
]

export const hostileValues: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 2 ** 53, -(2 ** 63), 1e308, '', [], {}, [null], [[]], { '': '' }],
  ...[{ a: { b: { c: [] } } }, ['x', 1, null], { metadata: null }, { spec: null, status: [] }],
]

const repeat = (text: string, times: number) => text.repeat(times)

/** Whole bodies: deep, long, cyclic-looking or of another kind than they say. */
export const hostileBodies: readonly string[] = [
  `${repeat('[', 100_000)}${repeat(']', 100_000)}`,
  `${repeat('{"a":', 50_000)}1${repeat('}', 50_000)}`,
  repeat('[', 200_000),
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":${repeat('{"a":', 9_999)}`,
  '{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}},"apiVersion":"v1","kind":"ConfigMap"}',
  '{"kind":"ConfigMap","kind":"Secret","apiVersion":"v1","metadata":{"name":"a","name":"b"}}',
  '\ufeff{"apiVersion":"v1"}',
  '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\ud800"}}',
  'k8s\u0000',
  'k8s\u0000\n\u0000\u0012\uffff',
  'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]',
  'a: &a {b: *a}',
  '? [a, b]\n: c',
  `${repeat('- ', 20_000)}x`,
  `${repeat('{', 20_000)}`,
  '!!js/function "x"',
  `{"a":${repeat('9', 100_000)}}`,
  `{"a":"${repeat('\\u0041', 50_000)}"}`,
]
