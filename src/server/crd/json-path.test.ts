import { expect, test } from 'bun:test'
import { jsonPath, jsonPathReader } from './json-path.ts'

const list = [
  { k: 'a', v: 1, f: 1.5, n: { m: 'q' } },
  { k: 'b', v: 2, f: 0.5, x: null },
  { k: 'c', v: 3 },
]
const object = { spec: { list, text: 't', 'a.b': 'dotted', a: { b: 'plain' }, nothing: null } }

// Asked of a stock server, in columns of type string.
test.each([
  ['.spec.text', 't'],
  ['.spec.list[-1:].k', 'c'],
  ['.spec.list[1].k', 'b'],
  ['.spec.list[].k', 'a'],
  ['.spec.list[1:].k', 'b'],
  ['.spec.list[0,1].k', 'a'],
  ['.spec.list[*].k', 'a'],
  ['.spec.list[9].k', undefined],
  ['.spec.list[1:0].k', undefined],
  ['.spec.list[?(@.v>1)].k', 'b'],
  ['.spec.list[?(@.v>=3)].k', 'c'],
  ['.spec.list[?(@.v!=1)].k', 'b'],
  ['.spec.list[?(@.k=="b")].v', 2],
  [".spec.list[?(@.k=='b')].v", 2],
  ['.spec.list[?(@.v=="2")].k', undefined],
  ['.spec.list[?(@.f>1)].k', undefined],
  ['.spec.list[?(@.x)].k', 'b'],
  ['.spec.list[?(@.n.m=="q")].k', 'a'],
  ['..k', 'a'],
  ['.spec.*', list],
  [".spec['a.b']", 'plain'],
  [".spec['a\\.b']", 'dotted'],
  ['.spec.a\\.b', 'dotted'],
  ['.spec.nothing', null],
  ['.spec.list.k', undefined],
  ['.spec.text[0]', undefined],
])('%s of an object is %j', (path, found) => {
  expect(jsonPath(path)(object)).toEqual(found)
})

test.each(['.spec.list[?(@.k', '.spec.list[x]', '.spec.list[(@.length-1)]', '.spec["text"]', '.....a'])(
  '%s is no path',
  path => {
    expect(jsonPathReader(path)).toBeUndefined()
  },
)
