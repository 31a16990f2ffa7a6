import { describe, expect, test } from 'bun:test'
import { discovery } from '../schema/discovery.ts'
import { createFeatures, FeatureError } from './features.ts'
import { gates } from './gates.ts'
import { servedResources } from './runtime-config.ts'

const refusalOf = (make: () => unknown): { message: string; hint: string } | undefined => {
  try {
    make()
    return undefined
  } catch (error) {
    if (error instanceof FeatureError) return { message: error.message, hint: error.hint }
    throw error
  }
}

describe('feature gates', () => {
  test('have the defaults of 1.35', () => {
    expect(createFeatures().enabled('MutatingAdmissionPolicy')).toBe(false)
    expect(createFeatures().enabled('PodTopologyLabelsAdmission')).toBe(true)
  })

  test('are set by name, with what Go takes for a boolean, the last word winning', () => {
    const set = (...settings: string[]) => createFeatures(settings).enabled('MutatingAdmissionPolicy')
    expect(set('MutatingAdmissionPolicy=true')).toBe(true)
    expect(set('MutatingAdmissionPolicy=T', 'MutatingAdmissionPolicy=0')).toBe(false)
  })

  test('of a whole stage are set at once, except where one is named', () => {
    expect(createFeatures(['AllBeta=true']).enabled('MutatingAdmissionPolicy')).toBe(true)
    expect(createFeatures(['AllAlpha=true']).enabled('MutatingAdmissionPolicy')).toBe(false)
    expect(
      createFeatures(['MutatingAdmissionPolicy=false', 'AllBeta=true']).enabled('MutatingAdmissionPolicy'),
    ).toBe(false)
  })

  test.each<[string, string]>([
    ['Nonsense=true', 'unrecognized feature gate: Nonsense'],
    ['constructor=true', 'unrecognized feature gate: constructor'],
    [
      'SidecarContainers=false',
      'cannot set feature gate SidecarContainers to false, feature is locked to true',
    ],
    ['KubeletTracing=false', 'cannot set feature gate KubeletTracing to false, feature is locked to true'],
    ['ImageVolume=false', 'feature gate ImageVolume cannot be turned off'],
    ['EventedPLEG=true', 'feature gate EventedPLEG (ALPHA) is not implemented'],
    ['kube:EventedPLEG=true', 'feature gate EventedPLEG (ALPHA) is not implemented'],
    ['wardle:Banana=true', 'component not registered: wardle'],
    ['MutatingAdmissionPolicy', 'missing bool value for MutatingAdmissionPolicy'],
    [
      'MutatingAdmissionPolicy=maybe',
      'invalid value of MutatingAdmissionPolicy=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
  ])('%s is refused by name, with what to do', (setting, message) => {
    const refused = refusalOf(() => createFeatures([setting]))
    expect(refused?.message).toBe(message)
    expect(refused?.hint).not.toBe('')
  })

  test('that are fixed or absent may be set to what they are', () => {
    expect(refusalOf(() => createFeatures(['SidecarContainers=true', 'EventedPLEG=false']))).toBeUndefined()
  })

  test('that are not there are off, whatever upstream has by default', () => {
    const told = new Map(
      createFeatures(['AllAlpha=true'])
        .all()
        .map(({ name, isOn }) => [name, isOn]),
    )
    expect([told.get('EventedPLEG'), told.get('KubeletPSI')]).toEqual([false, false])
    expect(gates.get('KubeletPSI')).toMatchObject({ byDefault: true, use: 'absent' })
  })

  test('may be named with their component', () => {
    expect(createFeatures(['kube:MutatingAdmissionPolicy=true']).enabled('MutatingAdmissionPolicy')).toBe(
      true,
    )
  })

  test('tell their values', () => {
    const told = new Map(
      createFeatures(['MutatingAdmissionPolicy=true'])
        .all()
        .map(({ name, isOn }) => [name, isOn]),
    )
    expect(told.get('MutatingAdmissionPolicy')).toBe(true)
    expect(told.get('AllBeta')).toBe(false)
    expect(told.size).toBe(gates.size + 2)
  })
})

describe('runtime config', () => {
  const kinds = (...settings: string[]) =>
    servedResources(settings)
      .filter(({ kind }) => kind === 'MutatingAdmissionPolicy')
      .map(({ version }) => version)

  test('serves stable versions unless it is told otherwise', () => {
    expect(kinds()).toEqual([])
    expect(servedResources().some(({ kind }) => kind === 'Pod')).toBe(true)
  })

  test('serves a version, a stage, or one resource of a version', () => {
    expect(kinds('admissionregistration.k8s.io/v1beta1=true')).toEqual(['v1beta1'])
    expect(kinds('admissionregistration.k8s.io/v1beta1')).toEqual(['v1beta1'])
    expect(kinds('api/beta=true')).toEqual(['v1beta1'])
    expect(kinds('api/all=true')).toEqual(['v1beta1', 'v1alpha1'])
    expect(kinds('api/alpha=true', 'admissionregistration.k8s.io/v1alpha1=false')).toEqual([])
    const one = 'admissionregistration.k8s.io/v1beta1/mutatingadmissionpolicies=false'
    expect(kinds(one, 'api/beta=true')).toEqual([])
  })

  test('takes away what a server can live without', () => {
    const left = (...settings: string[]) =>
      servedResources(settings)
        .filter(({ group }) => group === 'autoscaling')
        .map(({ version }) => version)
    expect(left()).toEqual(['v1', 'v2'])
    expect(left('autoscaling/v1=false')).toEqual(['v2'])
    expect(left('autoscaling/v1=false', 'autoscaling/v2/horizontalpodautoscalers=false')).toEqual([])
  })

  test('serves a kind with a gate only while both say so', () => {
    const bundles = (...gates: string[]) =>
      servedResources(['api/all=true'], createFeatures(gates)).some(
        ({ kind }) => kind === 'ClusterTrustBundle',
      )
    expect(bundles()).toBe(false)
    expect(bundles('ClusterTrustBundle=true')).toBe(true)
  })

  test('knows every kind that a stock server has on request', () => {
    const all = servedResources(['api/all=true'], createFeatures(['AllAlpha=true', 'AllBeta=true']))
    const names = new Set(all.map(({ group, version, plural }) => `${group}/${version}/${plural}`))
    const missing = discovery().optional.filter(
      ({ group, version, name }) => !names.has(`${group}/${version}/${name}`),
    )
    expect(missing).toEqual([])
  })

  test.each<[string, string]>([
    ['coordination.k8s.io/v1=false', 'coordination.k8s.io/v1=false cannot be disabled'],
    ['api/ga=false', 'api/ga=false cannot be disabled'],
    ['example.com/v1=true', 'unknown api groups example.com'],
    ['apps/v7=true', 'group version apps/v7 that has not been registered'],
    ['apps=true', 'runtime-config invalid key apps'],
    [
      'authentication.k8s.io/v1alpha1=true',
      'group version authentication.k8s.io/v1alpha1 that has not been registered',
    ],
    ['api/beta=1', 'invalid value api/beta=1'],
    [
      'admissionregistration.k8s.io/v1beta1=perhaps',
      'invalid value of admissionregistration.k8s.io/v1beta1: perhaps, err: strconv.ParseBool: parsing "perhaps": invalid syntax',
    ],
  ])('%s is refused by name, with what to do', (setting, message) => {
    const refused = refusalOf(() => servedResources([setting]))
    expect(refused?.message).toBe(message)
    expect(refused?.hint).not.toBe('')
  })
})
