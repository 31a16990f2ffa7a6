import { expect, test } from 'bun:test'
import { parseQuantities, parseQuantity } from '../../machinery/quantity/index.ts'
import { maxProblem, maxRequestProblem, minProblem, ratioProblem } from './limits.ts'

type List = Readonly<Record<string, string>>
const bounds = { min: minProblem, max: maxProblem, maxRequest: maxRequestProblem, ratio: ratioProblem }

const cpu = (amount: string): List => ({ cpu: amount })
const ratio = 'cpu max limit to request ratio per Container is 2'

// As a stock server says it.
test.each<[keyof typeof bounds, List, List, string | undefined]>([
  ['min', cpu('2'), {}, undefined],
  ['min', {}, cpu('9'), 'minimum cpu usage per Container is 2.  No request is specified'],
  ['min', cpu('1999m'), {}, 'minimum cpu usage per Container is 2, but request is 1999m'],
  ['min', cpu('2'), cpu('1'), 'minimum cpu usage per Container is 2, but limit is 1'],
  ['max', cpu('1'), cpu('2'), undefined],
  ['max', cpu('1'), {}, 'maximum cpu usage per Container is 2.  No limit is specified'],
  ['max', cpu('1'), cpu('2001m'), 'maximum cpu usage per Container is 2, but limit is 2001m'],
  ['max', cpu('3'), cpu('2'), 'maximum cpu usage per Container is 2, but request is 3'],
  ['maxRequest', cpu('2'), {}, undefined],
  ['maxRequest', {}, {}, 'maximum cpu usage per Container is 2.  No request is specified'],
  ['maxRequest', cpu('3'), {}, 'maximum cpu usage per Container is 2, but request is 3'],
  ['ratio', cpu('1'), cpu('2'), undefined],
  ['ratio', cpu('0'), cpu('2'), `${ratio}, but no request is specified or request is 0`],
  ['ratio', cpu('1'), {}, `${ratio}, but no limit is specified or limit is 0`],
  ['ratio', cpu('300m'), cpu('1'), `${ratio}, but provided ratio is 3.333333`],
])('a bound %s of 2 beside requests %j and limits %j: %s', (bound, requests, limits, problem) => {
  const about = { type: 'Container', name: 'cpu', bound: parseQuantity('2') }
  expect(bounds[bound](about, parseQuantities(requests), parseQuantities(limits))).toBe(problem)
})
