import { expect, test } from 'bun:test'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { checkSelector, readSelector, type SelectorAttributes, type SelectorKind } from './selectors.ts'

const faults = (kind: SelectorKind, selector: SelectorAttributes) => {
  const errors = createFieldErrors()
  checkSelector(kind, selector, errors)
  return errors.list.map(
    ({ field, message }) => `${field.replace(/^spec.resourceAttributes./, '')}: ${message}`,
  )
}
const one = (key: string, operator: string, ...values: string[]) => ({
  requirements: [{ key, operator, values }],
})

test('a selector is read as a request writes it', () => {
  expect(readSelector('fieldSelector', one('spec.nodeName', 'In', 'a=b,c'))).toEqual({
    text: 'spec.nodeName=a\\=b\\,c',
  })
  expect(readSelector('labelSelector', one('k', 'NotIn', 'a', 'b'))).toEqual({ text: 'k notin (a,b)' })
  expect(readSelector('labelSelector', one('k', 'DoesNotExist'))).toEqual({ text: '!k' })
  expect(readSelector('labelSelector', { rawSelector: 'a in (b)' })).toEqual({ text: 'a in (b)' })
  expect(readSelector('labelSelector', undefined)).toEqual({ text: undefined })
})

test('what nobody understands is left out and told', () => {
  const ignored = (kind: string, how = 'ignored') =>
    `spec.resourceAttributes.${kind} ${how} due to parse error`
  expect(readSelector('labelSelector', { rawSelector: 'a in (b' }).fault).toBe(ignored('labelSelector'))
  expect(readSelector('fieldSelector', one('k', 'In', 'a', 'b'))).toEqual({
    text: undefined,
    fault: ignored('fieldSelector'),
  })
  const partly = { requirements: [...one('k', 'Later').requirements, ...one('j', 'Exists').requirements] }
  expect(readSelector('labelSelector', partly)).toEqual({
    text: 'j',
    fault: ignored('labelSelector', 'partially ignored'),
  })
})

test('a selector that says nothing, or too much, is refused', () => {
  expect(faults('fieldSelector', {})).toEqual([
    'fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required',
  ])
  expect(faults('fieldSelector', one('', 'In', 'a'))).toEqual([
    'fieldSelector.requirements[0].key: Required value: must be specified',
  ])
  expect(faults('labelSelector', one('k', 'In'))[0]).toContain("when `operator` is 'In' or 'NotIn'")
  expect(faults('labelSelector', one('k', 'Exists', 'a'))[0]).toContain(
    'Forbidden: may not be specified when',
  )
  expect(faults('labelSelector', one('a b', 'Later', '-'))).toHaveLength(2)
})
