import { expect, test } from 'bun:test'
import { createFeatures } from '../../api/features/features.ts'
import { createMetrics } from '../../std/metrics.ts'
import { parseFlags } from '../flags.ts'
import { flagReader, serverFlags } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { chosenFeatures, chosenResources, tellFeatures } from './features.ts'

const given = (...words: string[]) => flagReader(parseFlags(serverFlags, words).values)

test('flags choose gates and versions', () => {
  const flags = given(
    '--feature-gates=MutatingAdmissionPolicy=true',
    '--runtime-config',
    'api/beta=true,networking.k8s.io/v1beta1=false',
  )
  expect(chosenFeatures(flags).enabled('MutatingAdmissionPolicy')).toBe(true)
  const versions = chosenResources(flags).filter(({ version }) => version === 'v1beta1')
  expect(versions.map(({ group }) => group)).toContain('admissionregistration.k8s.io')
  expect(versions.map(({ group }) => group)).not.toContain('networking.k8s.io')
})

test('what cannot be had ends the start with one sentence and a hint', () => {
  const failed = (() => {
    try {
      return chosenFeatures(given('--feature-gates', 'Nonsense=true'))
    } catch (error) {
      return error
    }
  })()
  expect(failed).toBeInstanceOf(UserError)
  expect(failed).toMatchObject({
    exitCode: 2,
    message: '--feature-gates: unrecognized feature gate: Nonsense',
  })
})

test('gates are told in the metrics as upstream tells them', () => {
  const metrics = createMetrics()
  tellFeatures(metrics, createFeatures(['MutatingAdmissionPolicy=true']))
  expect(metrics.text()).toContain(
    'kubernetes_feature_enabled{name="MutatingAdmissionPolicy",stage="BETA"} 1',
  )
  expect(metrics.text()).toContain('kubernetes_feature_enabled{name="SidecarContainers",stage=""} 1')
  expect(metrics.text()).toContain('kubernetes_feature_enabled{name="AllAlpha",stage="ALPHA"} 0')
})
