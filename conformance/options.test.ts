import { expect, test } from 'bun:test'
import { parseOptions } from './options.ts'

test('words choose a command and what a run is of', () => {
  expect(parseOptions([])).toMatchObject({
    command: 'run',
    foreground: false,
    options: { procs: 4, sigs: [], last: [] },
  })
  expect(parseOptions(['--status']).command).toBe('status')
  const words = [
    '--sig',
    'sig-node',
    '--sig',
    'apps',
    '--failed',
    '--notrun',
    '--focus',
    'Job',
    '--procs',
    '8',
    '--keep',
  ]
  expect(parseOptions(words).options).toEqual({
    ...{
      focus: 'Job',
      sigs: ['node', 'apps'],
      procs: 8,
      last: ['failed', 'notrun'],
      resume: false,
      keep: true,
    },
  })
})

test('words that mean nothing are refused', () => {
  expect(() => parseOptions(['--procs', 'many'])).toThrow('--procs takes a number from 1, not "many"')
  expect(() => parseOptions(['--focus', '('])).toThrow('Invalid regular expression')
  expect(() => parseOptions(['--nonsense'])).toThrow('--nonsense')
})
