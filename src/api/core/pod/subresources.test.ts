import { describe, expect, test } from 'bun:test'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'
import type { Pod } from '../../types/core-v1.gen.ts'
import { pods } from '../pod.ts'

const context = { now: '2026-01-01T00:00:00Z', namespace: 'default' }
const container = { name: 'c', image: 'a', resources: { requests: { cpu: '1' } } }

function pod(change: Partial<Pod> = {}): Pod {
  const made: Pod = {
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [structuredClone(container)] },
  }
  pods.strategy.setDefaults?.(made)
  pods.strategy.prepareForCreate?.(made, context)
  return { ...made, ...change }
}

function write(name: string, wanted: Pod, old: Pod): { pod: Pod; complaints: string[] } {
  const { strategy } = pods.subresources.find(subresource => subresource.name === name)!
  const errors = createFieldErrors()
  strategy?.prepareForUpdate?.(wanted, old, context)
  strategy?.validate?.(wanted, errors)
  strategy?.validateUpdate?.(wanted, old, errors)
  return { pod: wanted, complaints: errors.list.map(({ field, message }) => `${field}: ${message}`) }
}

describe('a new pod', () => {
  test('is pending and knows its quality of service', () => {
    expect(pod().status).toEqual({ phase: 'Pending', qosClass: 'Burstable' })
  })
})

describe('the status of a pod', () => {
  test('keeps quality of service and observed generation that a writer leaves out', () => {
    const old = pod({ status: { qosClass: 'Burstable', observedGeneration: 3 } })
    expect(write('status', pod({ status: { phase: 'Running' } }), old).pod.status).toEqual({
      phase: 'Running',
      qosClass: 'Burstable',
      observedGeneration: 3,
    })
  })

  test('lets no container run again that ended for good', () => {
    const status = (state: object) => ({
      qosClass: 'Burstable',
      containerStatuses: [{ name: 'c', image: 'a', imageID: '', ready: false, restartCount: 0, state }],
    })
    const old = pod({ status: status({ terminated: { exitCode: 0 } }) })
    old.spec!.restartPolicy = 'OnFailure'
    const running = pod({ status: status({ running: {} }) })
    expect(write('status', running, old).complaints).toEqual([
      'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
    ])
  })
})

test('what changes the spec raises the generation, a status does not', () => {
  const raising = pods.subresources.filter(({ strategy }) => strategy?.hasGeneration).map(({ name }) => name)
  expect(raising.sort()).toEqual(['ephemeralcontainers', 'resize'])
})

describe('a resize', () => {
  test('changes amounts and nothing else', () => {
    const wanted = pod()
    wanted.spec!.containers[0]!.resources = { requests: { cpu: '2' } }
    wanted.spec!.containers[0]!.image = 'other'
    const { pod: resized, complaints } = write('resize', wanted, pod())
    expect(complaints).toEqual([])
    expect(resized.spec?.containers[0]).toMatchObject({ image: 'a', resources: { requests: { cpu: '2' } } })
  })

  test('keeps the quality of service', () => {
    const wanted = pod()
    wanted.spec!.containers[0]!.resources = {}
    expect(write('resize', wanted, pod()).complaints).toEqual([
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
      'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
    ])
  })
})

describe('ephemeral containers', () => {
  const debug = { name: 'd', image: 'a', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' }

  test('are added without touching the rest', () => {
    const wanted = pod()
    wanted.spec = { containers: [], ephemeralContainers: [debug] }
    const { pod: changed, complaints } = write('ephemeralcontainers', wanted, pod())
    expect(complaints).toEqual([])
    expect(changed.spec?.containers).toHaveLength(1)
  })

  test('are never changed or removed', () => {
    const old = pod()
    old.spec!.ephemeralContainers = [debug]
    expect(write('ephemeralcontainers', pod(), old).complaints).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be removed\n',
    ])
  })

  test('take no ports', () => {
    const wanted = pod()
    wanted.spec!.ephemeralContainers = [{ ...debug, ports: [{ containerPort: 1, protocol: 'TCP' }] }]
    expect(write('ephemeralcontainers', wanted, pod()).complaints).toEqual([
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    ])
  })
})

test('doubtful pods are warned about', () => {
  const made = pod()
  made.metadata.name = 'a.b'
  made.spec!.volumes = [{ name: 'v', rbd: { monitors: ['a'], image: 'b' } }]
  made.spec!.containers[0]!.env = [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
    { name: 'A', value: '$(A)3' },
  ]
  made.spec!.containers[0]!.ports = [
    { containerPort: 1, protocol: 'TCP' },
    { containerPort: 1, protocol: 'TCP' },
  ]
  made.spec!.containers[0]!.resources = { limits: { memory: '500m' } }
  expect(pods.strategy.warnings?.(made, undefined)).toEqual([
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    'spec.volumes[0].rbd: deprecated in v1.28, non-functional in v1.31+',
    'spec.containers[0].resources.limits[memory]: fractional byte value "500m" is invalid, must be an integer',
    'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
  ])
})

test('what a LimitRange gave the containers of a pod with limits of its own counts for the pod', () => {
  const made = pod()
  made.spec!.resources = { limits: { memory: '1Gi' }, requests: { memory: '1Gi' } }
  made.spec!.containers[0]!.resources = { requests: { cpu: '100m' } }
  pods.strategy.setLateDefaults?.(made)
  expect(made.spec!.resources.requests).toEqual({ cpu: '100m', memory: '1Gi' })
})

test('a mirror pod takes no claims, no debug containers and no resize', () => {
  const annotations = { 'kubernetes.io/config.mirror': 'x' }
  const old = pod({ metadata: { name: 'p', namespace: 'default', annotations } })
  const none = (detail: string) => [`[]: Forbidden: static pods ${detail}`]
  expect(write('resize', structuredClone(old), old).complaints).toEqual(none('cannot be resized'))
  expect(write('ephemeralcontainers', structuredClone(old), old).complaints).toEqual(
    none('do not support ephemeral containers'),
  )
  const claiming = structuredClone(old)
  claiming.spec!.resourceClaims = [{ name: 'r', resourceClaimName: 'x' }]
  const errors = createFieldErrors()
  pods.strategy.validate?.(claiming, errors)
  const said = errors.list.map(({ field, message }) => `${field}: ${message}`)
  expect(said).toContain('[]: Forbidden: static pods do not support resource claims')
})

test('a pod with resources of its own, or of Windows, is not resized', () => {
  const of = (spec: Partial<Pod['spec']>) => {
    const old = pod()
    Object.assign(old.spec!, spec)
    return write('resize', structuredClone(old), old).complaints
  }
  expect(of({ resources: { limits: { cpu: '1' } } })).toContain(
    '[]: Forbidden: resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled',
  )
  expect(of({ os: { name: 'windows' } })).toContain('[]: Forbidden: windows pods cannot be resized')
})
