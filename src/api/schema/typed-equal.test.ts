import { expect, test } from 'bun:test'
import { typedEqual } from '../../machinery/schema/equal.ts'
import { facts } from './index.ts'

const podSpec = facts.typeNamed('k8s.io/api/core/v1.PodSpec')!
const container = { name: 'a', image: 'b' }
const spec = { containers: [container] }

test.each([
  ['an empty list and none', { ...spec, volumes: [] }, spec, true],
  ['an empty map and none', { ...spec, nodeSelector: {} }, spec, true],
  ['an empty text and none', { ...spec, hostname: '' }, spec, true],
  ['an empty struct behind a pointer and none', { ...spec, securityContext: {} }, spec, false],
  ['false behind a pointer and none', { ...spec, enableServiceLinks: false }, spec, false],
  ['zero behind a pointer and none', { ...spec, activeDeadlineSeconds: 0 }, spec, false],
  ['amounts in two spellings', amount('1000m'), amount('1'), true],
  ['two amounts', amount('1'), amount('2'), false],
  ['lists of two lengths', { containers: [container, container] }, spec, false],
])('Go compares %s', (_what, a, b, isEqual) => {
  expect(typedEqual(podSpec, a, b)).toBe(isEqual)
  expect(typedEqual(podSpec, b, a)).toBe(isEqual)
})

function amount(cpu: string) {
  return { containers: [{ ...container, resources: { requests: { cpu } } }] }
}
