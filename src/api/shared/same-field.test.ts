import { expect, test } from 'bun:test'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { deployments } from '../apps/deployment.ts'
import { persistentVolumes } from '../core/persistent-volume.ts'
import { persistentVolumeClaims } from '../core/persistent-volume-claim.ts'
import { immutableField, sameValue } from './same-field.ts'

interface Updated {
  readonly strategy?: { validateUpdate?: (now: never, old: never, errors: never) => void }
}

function complaints({ strategy }: Updated, now: object, old: object): string[] {
  const errors = createFieldErrors()
  strategy!.validateUpdate!(now as never, old as never, errors as never)
  return errors.list.map(({ field, message }) => `${field}: ${message}`)
}

const claim = (spec: object, status = {}) => ({ metadata: {}, spec, status })
const stays =
  'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
const bound = { phase: 'Bound', currentVolumeAttributesClassName: 'gold' }

test('an empty value of a map is there', () => {
  const of = (matchLabels: object) => ({ metadata: {}, spec: { selector: { matchLabels } } })
  const expected = ['spec.selector: Invalid value: {"matchLabels":{"a":"x","b":""}}: field is immutable']
  expect(complaints(deployments as never, of({ b: '', a: 'x' }), of({ a: 'x' }))).toEqual(expected)
  expect(complaints(deployments as never, of({ a: 'x' }), of({ a: 'x' }))).toEqual([])
  const volume = (volumeAttributes: object) => ({ metadata: {}, spec: { csi: { volumeAttributes } } })
  expect(complaints(persistentVolumes as never, volume({ b: '' }), volume({}))).toEqual([
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
  ])
})

test.each([
  ['an empty class', { storageClassName: '' }, {}, []],
  ['no class any more', {}, { storageClassName: '' }, [stays]],
  ['a selector of everything', { selector: {} }, {}, [stays]],
  ['no volume yet', { volumeName: '' }, {}, []],
])('of a claim that is given %s', (_what, now, old, expected) => {
  expect(complaints(persistentVolumeClaims as never, claim(now), claim(old))).toEqual(expected)
})

test.each([
  ['', 'empty string'],
  [undefined, 'nil'],
])('a class of attributes that is in force does not go back to %p', (volumeAttributesClassName, text) => {
  const now = claim({ volumeAttributesClassName }, bound)
  expect(
    complaints(persistentVolumeClaims as never, now, claim({ volumeAttributesClassName: 'gold' }, bound)),
  ).toEqual([
    `spec.volumeAttributesClassName: Forbidden: update to ${text} is forbidden when status.currentVolumeAttributesClassName is not nil`,
  ])
})

test('templates of claims are compared by type', () => {
  const type = 'k8s.io/api/apps/v1.StatefulSetSpec'
  const of = (spec: object) => ({ volumeClaimTemplates: [{ metadata: { name: 'v' }, spec }] })
  expect(sameValue(type, of({ storageClassName: '' }), of({}))).toBe(false)
  expect(sameValue(type, of({ volumeName: '', accessModes: [] }), of({}))).toBe(true)
})

test('what is gone is shown as its type has it', () => {
  const shown = (type: string, field: string) => {
    const errors = createFieldErrors()
    immutableField(type, field, [undefined, { [field]: 'x' }], field, errors)
    return errors.list.map(({ message }) => message)
  }
  expect(shown('k8s.io/api/node/v1.RuntimeClass', 'handler')).toEqual([
    'Invalid value: "": field is immutable',
  ])
  expect(shown('k8s.io/api/resource/v1.ResourceSliceSpec', 'nodeName')).toEqual([
    'Invalid value: null: field is immutable',
  ])
})
