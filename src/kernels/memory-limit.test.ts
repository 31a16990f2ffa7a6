import { expect, test } from 'bun:test'
import { limitMemory } from './memory-limit.ts'

/** A module with one memory, exported as `m`. */
const withMemory = (...limits: number[]) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[5, limits.length + 1, 1, ...limits],
    ...[7, 5, 1, 1, 0x6d, 2, 0],
  ])

const memoryOf = (bytes: Uint8Array<ArrayBuffer>) =>
  new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.m as WebAssembly.Memory

const pages = (count: number) => count * 65_536

test('memory without a maximum grows up to the limit and no further', () => {
  const memory = memoryOf(limitMemory(withMemory(0, 1), pages(3)))
  memory.grow(2)
  expect(() => memory.grow(1)).toThrow()
})

test('a maximum of its own stays where it is lower', () => {
  const memory = memoryOf(limitMemory(withMemory(1, 1, 2), pages(300)))
  expect(() => memory.grow(2)).toThrow()
  expect(() => memoryOf(limitMemory(withMemory(1, 1, 9), pages(2))).grow(2)).toThrow()
})

test('a module that starts with more is refused, one without memory is left alone', () => {
  expect(() => limitMemory(withMemory(0, 4), pages(3))).toThrow('it starts with 262144 bytes of memory')
  const plain = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  expect(limitMemory(plain, pages(1))).toBe(plain)
})
