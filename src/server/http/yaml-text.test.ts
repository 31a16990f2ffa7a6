import { expect, test } from 'bun:test'
import { yamlText } from './yaml-text.ts'

function keysOf(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => line.slice(0, line.lastIndexOf(':')).replaceAll('"', ''))
}

test('keys come in the order of go-yaml, whatever they are made of', () => {
  const ordered = [
    '.',
    '_x',
    '1',
    '2',
    '10',
    'B',
    'a',
    'a-b',
    'a1',
    'a2',
    'a2b',
    'a10',
    'ab',
    'z',
    'é',
    '日',
    '𝐀',
    '𝐁',
    '𝐁1',
  ]
  const object = Object.fromEntries(ordered.toReversed().map(key => [key, true]))
  expect(keysOf(yamlText(object))).toEqual(ordered)
})
