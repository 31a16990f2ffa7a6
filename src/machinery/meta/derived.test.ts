import { expect, test } from 'bun:test'
import { copyToTouch, deleteTouched, originOf, setTouched, settle, touchedBetween } from './derived.ts'
import { deepEqual } from './value.ts'

const large = () =>
  Object.freeze(Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`key-${n}`, 'x'])))

test('a settled copy of a large map knows where it may differ, and cannot change any more', () => {
  const map = large()
  const copy = copyToTouch(map)
  setTouched(copy, 'key-7', 'changed')
  deleteTouched(copy, 'key-8')
  expect(touchedBetween(map, copy)).toBeUndefined()
  settle(copy)
  expect([...(touchedBetween(map, copy) ?? [])]).toEqual(['key-7', 'key-8'])
  expect(originOf(copy)?.from).toBe(map)
  expect(Object.isFrozen(copy)).toBe(true)
  expect(deepEqual(map, copy)).toBe(false)
})

test('what was touched and is as it was makes no difference', () => {
  const map = large()
  const copy = copyToTouch(map)
  setTouched(copy, 'key-7', 'x')
  settle(copy)
  expect(deepEqual(map, copy)).toBe(true)
})

test('of small maps, of maps that may still change and of strangers nothing is known', () => {
  const open = { ...large() }
  for (const map of [Object.freeze({ a: 1 }), open]) {
    const copy = copyToTouch(map)
    setTouched(copy, 'a', 2)
    settle(copy)
    expect(touchedBetween(map, copy)).toBeUndefined()
    expect(Object.isFrozen(copy)).toBe(false)
  }
  expect(touchedBetween(large(), large())).toBeUndefined()
})
