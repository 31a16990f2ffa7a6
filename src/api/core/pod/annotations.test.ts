import { expect, test } from 'bun:test'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'
import type { Pod, PodSpec } from '../../types/core-v1.gen.ts'
import { pods } from '../pod.ts'
import {
  appArmorPrefix,
  appArmorWarnings,
  seccompPodKey,
  syncAppArmor,
  validateDeletionCost,
  validatePodAnnotations,
  validatePodAnnotationsUpdate,
} from './annotations.ts'
import { podWarnings } from './warnings.ts'

const armour = `${appArmorPrefix}c`
const cost = 'controller.kubernetes.io/pod-deletion-cost'
const pod = (annotations: Record<string, string>, spec: object = {}): Pod => ({
  metadata: { name: 'p', annotations },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec } as PodSpec,
})
const faults = (check: (errors: ReturnType<typeof createFieldErrors>) => void) => {
  const errors = createFieldErrors()
  check(errors)
  return errors.list.map(
    ({ field, message }) => `${field}: ${message.replace(/^(?:Invalid value: "[^"]*"|Forbidden): /, '')}`,
  )
}
const judged = ({ metadata, spec }: Pod) =>
  faults(errors =>
    validatePodAnnotations({ annotations: metadata.annotations, spec: spec!, path: 'a' }, errors),
  )

test('annotations that mean something are held to it', () => {
  expect(judged(pod({ [armour]: 'localhost/x', [seccompPodKey]: 'runtime/default' }))).toEqual([])
  expect(judged(pod({ [`${appArmorPrefix}z`]: 'odd' }))).toEqual([
    `a[${appArmorPrefix}z]: container not found`,
    `a[${appArmorPrefix}z]: invalid AppArmor profile name: "odd"`,
  ])
  expect(judged(pod({ [seccompPodKey]: 'odd' }))).toEqual([
    `a.${seccompPodKey}: must be a valid seccomp profile`,
  ])
  expect(judged(pod({ 'kubernetes.io/config.mirror': 'x' }))).toHaveLength(1)
  expect(judged(pod({ 'kubernetes.io/config.mirror': 'x' }, { nodeName: 'n' }))).toEqual([])
})

test.each(['5', '-5', '0', '2147483647', '-2147483648'])('a pod may cost %s', text => {
  expect(
    faults(errors => validateDeletionCost({ annotations: { [cost]: text }, path: 'a' }, {}, errors)),
  ).toEqual([])
})

test.each(['+5', '05', '', 'x', '1.5', '2147483648'])('a pod cannot cost %j, unless it did before', text => {
  const annotations = { [cost]: text }
  expect(faults(errors => validateDeletionCost({ annotations, path: 'a' }, {}, errors))).toEqual([
    `a[${cost}]: must be a 32bit integer`,
  ])
  expect(faults(errors => validateDeletionCost({ annotations, path: 'a' }, annotations, errors))).toEqual([])
})

test('what protects a pod stays as it was made', () => {
  const changed = (now: Record<string, string>) =>
    faults(errors => validatePodAnnotationsUpdate(pod(now), pod({ [armour]: 'unconfined' }), errors))
  expect(changed({ [armour]: 'unconfined', other: 'x' })).toEqual([])
  expect(changed({})).toEqual([
    `metadata.annotations[${armour}]: may not remove or update AppArmor annotations`,
  ])
})

test('a field takes over what an annotation says, with a warning', () => {
  const given = pod({ [armour]: 'localhost/x' })
  syncAppArmor(given)
  const localhostProfile = 'x'
  expect(given.spec?.containers[0]?.securityContext).toEqual({
    appArmorProfile: { type: 'Localhost', localhostProfile },
  })
  // Said while it is prepared, so that a refused pod is warned of too.
  expect(pods.strategy.earlyWarnings?.(given, undefined)).toEqual([
    `metadata.annotations[${armour}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ])
  const same = pod(
    { [armour]: 'unconfined' },
    { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
  )
  syncAppArmor(same)
  expect(same.spec?.containers[0]?.securityContext).toBeUndefined()
  expect(appArmorWarnings(same)).toEqual([])
})

test('labels of nodes that have had their day are warned of', () => {
  expect(
    podWarnings(pod({}, { nodeSelector: { 'beta.kubernetes.io/os': 'linux', a: 'b' } }), undefined),
  ).toEqual([
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
  ])
})
