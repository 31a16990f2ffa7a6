import { expect, test } from 'bun:test'
import { applyJsonPatch } from '../machinery/patch/json-patch.ts'
import { simRandom } from '../std/sim-ports.ts'
import { createJsonPatcher, type PatchOperation } from './json-patch-bytes.ts'

const random = simRandom(13)
const below = (n: number) => Math.floor(random.next() * n)
const keys = ['a', 'b', 'name', 'labels', 'a/b', 'm~n', 'ä', '0', 'app.kubernetes.io/name']
const texts = [
  '',
  'x',
  'quote " and \\ slash',
  '{not [json]}',
  'ünïcode ☃',
  'a longer text that runs over sixteen bytes, twice even',
]

function value(depth: number): unknown {
  const kind = below(depth > 3 ? 4 : 6)
  if (kind === 0) return texts[below(texts.length)]
  if (kind === 1) return below(1_000_000) / 8
  if (kind === 2) return below(2) === 0
  if (kind === 3) return null
  if (kind === 4) return Array.from({ length: below(4) }, () => value(depth + 1))
  return Object.fromEntries(
    Array.from({ length: below(5) }, () => [keys[below(keys.length)], value(depth + 1)]),
  )
}

/** A pointer that mostly exists. */
function pointer(document: unknown): string {
  let path = ''
  for (let at = document; typeof at === 'object' && at !== null; ) {
    const names = Object.keys(at)
    const name =
      names.length > 0 && below(6) > 0
        ? names[below(names.length)]!
        : Array.isArray(at)
          ? '-'
          : keys[below(keys.length)]!
    path += `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    at = (at as Record<string, unknown>)[name]
    if (below(3) === 0) break
  }
  return path
}

function operation(document: unknown): PatchOperation {
  const op = ['add', 'remove', 'replace', 'test', 'copy', 'move'][below(6)]!
  return { op, path: pointer(document), from: pointer(document), value: value(2) }
}

/** What the object-level patch makes of it; undefined when it refuses. */
function twin(document: unknown, operations: readonly PatchOperation[]): unknown {
  try {
    return applyJsonPatch(document, operations)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return undefined
  }
}

test('bytes and objects come to the same in 100,000 patches, and the bytes refuse what the objects refuse', () => {
  const patcher = createJsonPatcher()
  let patched = 0
  for (let round = 0; round < 100_000; round++) {
    const document = { a: value(0), b: value(0), labels: { app: 'x' } }
    const operations = Array.from({ length: 1 + below(3) }, () => operation(document))
    const bytes = patcher.patch(Buffer.from(JSON.stringify(document)), operations)
    if (bytes === undefined) continue
    patched++
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(twin(document, operations))
  }
  expect(patched).toBeGreaterThan(30_000)
})

test('white space is kept, a growing document grows the memory', () => {
  const patcher = createJsonPatcher()
  const patch = (text: string, operations: PatchOperation[]) =>
    Buffer.from(patcher.patch(Buffer.from(text), operations) ?? []).toString()
  expect(patch('{ "a" : 1 , "b" : [ ] }', [{ op: 'add', path: '/b/-', value: 2 }])).toBe(
    '{ "a" : 1 , "b" : [ 2] }',
  )
  expect(patch('{ "a" : 1 , "b" : 2 }', [{ op: 'remove', path: '/a' }])).toBe('{  "b" : 2 }')
  expect(patch('{"a":1}', [{ op: 'add', path: '/b', value: 'x'.repeat(1 << 20) }])).toHaveLength(
    (1 << 20) + 14,
  )
})
