import { expect, test } from 'bun:test'
import { defaultTuning } from '../controllers/tuning.ts'
import { componentValues } from './component-arguments.ts'
import { controllerTuning } from './compose/controller-tuning.ts'
import { optionalNames } from './controller-names.ts'
import { parseFlags, withDefaults } from './flags.ts'
import { flagReader, serverFlags } from './server-flags.ts'

const tuningOf = (...given: string[]) => {
  const words = given.map(text => `--kube-controller-manager-arg=${text}`)
  return controllerTuning(flagReader(withDefaults(serverFlags, parseFlags(serverFlags, words).values)))
}

function refusalOf(make: () => unknown): string {
  try {
    make()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test('arguments of the controller manager tune its controllers, with and without dashes', () => {
  const tuning = tuningOf(
    'controllers=*,-pod-garbage-collector-controller',
    '--concurrent-deployment-syncs=20',
    'terminated-pod-gc-threshold=7',
    'horizontal-pod-autoscaler-sync-period=1m',
    'horizontal-pod-autoscaler-tolerance=0.2',
    'node-monitor-grace-period=90s',
    'node-eviction-rate=0.5',
  )
  expect(tuning.runs('deployment-controller')).toBe(true)
  expect(tuning.runs('pod-garbage-collector-controller')).toBe(false)
  expect([...tuning.lanes]).toEqual([['deployment-controller', 20]])
  expect(tuning.finishedPodsMax).toBe(7)
  expect(tuning.nodes).toEqual({
    ...defaultTuning.nodes,
    monitorGraceMs: 90_000,
    evictionsPerSecond: 0.5,
  })
  expect(tuning.autoscaling).toMatchObject({ periodMs: 60_000, tolerance: 0.2, initialReadinessMs: 30_000 })
  expect(tuningOf('controllers=job-controller').runs('deployment-controller')).toBe(false)
})

// What kube-controller-manager 1.35.4 says of the same words.
test.each([
  ['*', 'job-controller', true],
  ['*', 'bootstrap-signer-controller', false],
  ['*', 'token-cleaner-controller', false],
  ['*,bootstrapsigner', 'bootstrap-signer-controller', true],
  ['*,-podgc', 'pod-garbage-collector-controller', false],
  ['-job-controller,job', 'job-controller', false],
  ['job,-job-controller', 'job-controller', true],
  ['job', 'cronjob-controller', false],
])('--controllers=%s: %s runs is %p', (words, name, runs) => {
  expect(tuningOf(`controllers=${words}`).runs(name)).toBe(runs)
})

test('without a word bootstrap tokens are tended, as kubeadm has it, and no kinds are brought', () => {
  const { runs } = tuningOf()
  expect(['bootstrap-signer-controller', 'token-cleaner-controller'].filter(runs)).toHaveLength(2)
  expect(optionalNames.filter(runs)).toEqual([])
})

test.each([
  ['kube-controller-manager', 'leader-elect=true', 'nobody is elected'],
  ['kube-controller-manager', 'nonsense=1', 'has no flag --nonsense'],
  ['kube-controller-manager', 'controllers=*,-nobody', '"nobody" is not in the list of known controllers'],
  ['kube-controller-manager', 'concurrent-gc-syncs=0', 'is not a number of at least 1'],
  ['kube-controller-manager', 'terminated-pod-gc-threshold', 'is not NAME=VALUE'],
  ['kube-scheduler', 'config=/x', 'Use --scheduler-config'],
  ['kube-scheduler', 'pod-max-in-unschedulable-pods-duration=soon', 'is not a duration'],
])('%s %s is refused by name', (program, text, reason) => {
  expect(refusalOf(() => parseFlags(serverFlags, [`--${program}-arg`, text]))).toContain(reason)
})

test('what nobody sets is as it is without any argument', () => {
  const { runs: _runs, ...tuning } = tuningOf('controllers=*')
  const { runs: _own, ...defaults } = defaultTuning
  expect(tuning).toEqual(defaults)
})

test('the scheduler has upstream’s patience unless told otherwise', () => {
  const name = 'pod-max-in-unschedulable-pods-duration'
  expect(componentValues('kube-scheduler', [])[name]).toBe('5m0s')
  expect(componentValues('kube-scheduler', [`${name}=90s`])[name]).toBe('90s')
})
