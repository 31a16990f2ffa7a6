import { describe, expect, test } from 'bun:test'
import type { LimitRange, Namespace, Pod, ServiceAccount } from '../../api/types/core-v1.gen.ts'
import type { RuntimeClass } from '../../api/types/node-v1.gen.ts'
import type { PriorityClass } from '../../api/types/scheduling-v1.gen.ts'
import { SimClock, simRandom } from '../../std/sim-ports.ts'
import { memorySource } from '../lister.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { priority } from './priority.ts'
import { runtimeClass } from './runtime-class.ts'
import { serviceAccount } from './service-account.ts'
import { run } from './testing.ts'
import { defaultTolerationSeconds, mergeTolerations } from './tolerations.ts'

const pod = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'web', namespace: 'a', ...metadata },
  spec: { containers: [{ name: 'c' }], ...spec },
})
const specOf = (outcome: Awaited<ReturnType<typeof run>>) => (outcome.object as Pod).spec!

describe('NamespaceLifecycle', () => {
  const plugin = namespaceLifecycle(
    memorySource<Namespace>([
      { metadata: { name: 'a' } },
      { metadata: { name: 'going' }, status: { phase: 'Terminating' } },
    ]),
  )

  test('lets things into a namespace that is there, not into one that is missing or going', async () => {
    expect((await run(plugin, { what: 'pods', object: pod() })).refused).toBeUndefined()
    const missing = await run(plugin, { what: 'pods', object: pod({}, { namespace: 'x' }) })
    expect(missing).toMatchObject({ code: 404, refused: 'namespaces "x" not found' })
    const going = await run(plugin, { what: 'pods', object: pod({}, { namespace: 'going' }) })
    expect(going).toMatchObject({
      code: 403,
      refused:
        'pods "web" is forbidden: unable to create new content in namespace going because it is being terminated',
    })
    const update = { operation: 'UPDATE' as const, what: 'pods', object: pod({}, { namespace: 'going' }) }
    expect((await run(plugin, update)).refused).toBeUndefined()
  })

  test('keeps the immortal namespaces', async () => {
    const gone = await run(plugin, { operation: 'DELETE', what: 'namespaces', name: 'kube-system' })
    expect(gone.refused).toBe('namespaces "kube-system" is forbidden: this namespace may not be deleted')
    expect(
      (await run(plugin, { operation: 'DELETE', what: 'namespaces', name: 'a' })).refused,
    ).toBeUndefined()
  })
})

describe('ServiceAccount', () => {
  const accounts = memorySource<ServiceAccount>([
    { metadata: { name: 'default', namespace: 'a' }, imagePullSecrets: [{ name: 'pull' }] },
    { metadata: { name: 'quiet', namespace: 'a' }, automountServiceAccountToken: false },
    {
      metadata: {
        name: 'strict',
        namespace: 'a',
        annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
      },
      secrets: [{ name: 'mine' }],
    },
  ])
  const clock = new SimClock()
  const plugin = serviceAccount({ serviceAccounts: accounts, clock, random: simRandom(1) })

  test('gives a pod its account, pull secrets and the mounted token', async () => {
    const spec = specOf(await run(plugin, { what: 'pods', object: pod({ initContainers: [{ name: 'i' }] }) }))
    const volume = spec.volumes![0]!
    expect(volume.name).toMatch(/^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    const mount = {
      name: volume.name,
      readOnly: true,
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    }
    expect(spec).toEqual({
      serviceAccountName: 'default',
      serviceAccount: 'default',
      imagePullSecrets: [{ name: 'pull' }],
      initContainers: [{ name: 'i', volumeMounts: [mount] }],
      containers: [{ name: 'c', volumeMounts: [mount] }],
      volumes: [
        {
          name: volume.name,
          projected: {
            defaultMode: 420,
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
              { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
              {
                downwardAPI: {
                  items: [
                    { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
                  ],
                },
              },
            ],
          },
        },
      ],
    })
  })

  test('mounts nothing where account or pod say so, or where something is mounted already', async () => {
    const quiet = specOf(await run(plugin, { what: 'pods', object: pod({ serviceAccountName: 'quiet' }) }))
    expect(quiet.volumes).toBeUndefined()
    const loud = { serviceAccountName: 'quiet', automountServiceAccountToken: true }
    expect(specOf(await run(plugin, { what: 'pods', object: pod(loud) })).volumes!.length).toBe(1)
    const own = [{ name: 'x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }]
    const mounted = pod({ containers: [{ name: 'c', volumeMounts: own }] })
    const spec = specOf(await run(plugin, { what: 'pods', object: mounted }))
    expect([spec.containers[0]!.volumeMounts, spec.volumes]).toEqual([own, undefined])
  })

  test('refuses a missing account, and secrets that a strict one does not list', async () => {
    const missing = await run(plugin, { what: 'pods', object: pod({ serviceAccountName: 'x' }) })
    expect(missing.refused).toBe(
      'pods "web" is forbidden: error looking up service account a/x: serviceaccount "x" not found',
    )
    const volumes = [{ name: 'v', secret: { secretName: 'other' } }]
    const strict = await run(plugin, { what: 'pods', object: pod({ serviceAccountName: 'strict', volumes }) })
    expect(strict.refused).toBe(
      'pods "web" is forbidden: volume with secret.secretName="other" is not allowed because service account strict does not reference that secret',
    )
  })

  test('waits a moment for the default account of a new namespace', async () => {
    const waiting = run(plugin, { what: 'pods', object: pod({}, { namespace: 'new' }) })
    await clock.advance(300)
    accounts.put({ metadata: { name: 'default', namespace: 'new' } })
    await clock.advance(300)
    expect(specOf(await waiting).serviceAccountName).toBe('default')
    const hopeless = run(plugin, { what: 'pods', object: pod({}, { namespace: 'none' }) })
    await clock.advance(3000)
    expect((await hopeless).code).toBe(403)
  })

  test('keeps mirror pods free of accounts and secrets', async () => {
    const metadata = { annotations: { 'kubernetes.io/config.mirror': 'x' } }
    expect(specOf(await run(plugin, { what: 'pods', object: pod({}, metadata) })).volumes).toBeUndefined()
    const secret = pod({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }, metadata)
    expect((await run(plugin, { what: 'pods', object: secret })).refused).toContain(
      'a mirror pod may not reference secrets',
    )
  })
})

describe('Priority', () => {
  const plugin = priority(
    memorySource<PriorityClass>([
      { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' },
      { metadata: { name: 'usual' }, value: 5, globalDefault: true },
    ]),
  )

  test('takes value and preemption from the named or the default class', async () => {
    const named = specOf(await run(plugin, { what: 'pods', object: pod({ priorityClassName: 'high' }) }))
    expect(named).toMatchObject({ priority: 1000, preemptionPolicy: 'Never' })
    expect(specOf(await run(plugin, { what: 'pods', object: pod() }))).toMatchObject({
      priority: 5,
      priorityClassName: 'usual',
    })
    const none = specOf(await run(priority(memorySource()), { what: 'pods', object: pod() }))
    expect(none).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' })
  })

  test('refuses an unknown class, a number of one’s own and a second default', async () => {
    const unknown = await run(plugin, { what: 'pods', object: pod({ priorityClassName: 'x' }) })
    expect(unknown.refused).toBe('pods "web" is forbidden: no PriorityClass with name x was found')
    const own = await run(plugin, { what: 'pods', object: pod({ priorityClassName: 'high', priority: 7 }) })
    expect(own.refused).toContain('the integer value of priority (7) must not be provided in pod spec')
    const second = { metadata: { name: 'b' }, value: 1, globalDefault: true }
    expect(
      (await run(plugin, { what: 'scheduling.k8s.io/priorityclasses', object: second })).refused,
    ).toContain('PriorityClass usual is already marked as default. Only one default can exist')
  })
})

describe('DefaultTolerationSeconds', () => {
  test('adds what is missing and nothing twice', async () => {
    const plugin = defaultTolerationSeconds()
    const added = specOf(await run(plugin, { what: 'pods', object: pod() })).tolerations!
    expect(added.map(({ key, tolerationSeconds }) => [key, tolerationSeconds])).toEqual([
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ])
    const all = [{ operator: 'Exists' }]
    expect(
      specOf(await run(plugin, { what: 'pods', object: pod({ tolerations: all }) })).tolerations,
    ).toEqual(all)
  })

  test('merging leaves out what another toleration covers', () => {
    const wide = { key: 'k', operator: 'Exists' }
    const narrow = { key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }
    expect(mergeTolerations([narrow], [wide])).toEqual([wide])
    expect(mergeTolerations([wide], [{ ...narrow, key: 'other' }])).toHaveLength(2)
  })
})

describe('RuntimeClass', () => {
  const plugin = runtimeClass(
    memorySource<RuntimeClass>([
      {
        metadata: { name: 'kata' },
        handler: 'kata',
        overhead: { podFixed: { memory: '64Mi' } },
        scheduling: { nodeSelector: { vm: 'yes' } },
      },
    ]),
  )

  test('sets overhead and scheduling of the class', async () => {
    const spec = specOf(await run(plugin, { what: 'pods', object: pod({ runtimeClassName: 'kata' }) }))
    expect(spec).toMatchObject({ overhead: { memory: '64Mi' }, nodeSelector: { vm: 'yes' } })
  })

  test('refuses unknown classes, other overheads and conflicts', async () => {
    const refused = async (spec: object) => (await run(plugin, { what: 'pods', object: pod(spec) })).refused
    expect(await refused({ runtimeClassName: 'x' })).toBe(
      'pods "web" is forbidden: pod rejected: RuntimeClass "x" not found',
    )
    expect(await refused({ overhead: { cpu: '1' } })).toContain('without corresponding RuntimeClass')
    expect(await refused({ runtimeClassName: 'kata', overhead: { memory: '1Mi' } })).toContain(
      "doesn't match",
    )
    expect(await refused({ runtimeClassName: 'kata', nodeSelector: { vm: 'no' } })).toContain('conflict:')
  })
})

describe('LimitRanger', () => {
  const plugin = limitRanger(
    memorySource<LimitRange>([
      {
        metadata: { name: 'l', namespace: 'a' },
        spec: {
          limits: [
            {
              type: 'Container',
              default: { memory: '256Mi' },
              defaultRequest: { cpu: '100m' },
              max: { memory: '1Gi' },
              min: { cpu: '10m' },
            },
            { type: 'Pod', max: { memory: '1500Mi' } },
            { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } },
          ],
        },
      },
    ]),
  )
  const withMemory = (...limits: string[]) =>
    pod({
      containers: limits.map((memory, index) => ({ name: `c${index}`, resources: { limits: { memory } } })),
    })

  test('fills in defaults and notes that it did', async () => {
    const outcome = await run(plugin, { what: 'pods', object: pod() })
    expect(specOf(outcome).containers[0]!.resources).toEqual({
      requests: { cpu: '100m' },
      limits: { memory: '256Mi' },
    })
    expect(outcome.object!.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu request for container c; memory limit for container c',
    })
  })

  test('refuses what lies outside of the bounds of container, pod and claim', async () => {
    expect((await run(plugin, { what: 'pods', object: withMemory('2Gi') })).refused).toBe(
      'pods "web" is forbidden: [maximum memory usage per Container is 1Gi, but limit is 2Gi, maximum memory usage per Pod is 1500Mi, but limit is 2Gi]',
    )
    expect((await run(plugin, { what: 'pods', object: withMemory('1Gi', '1Gi') })).refused).toBe(
      'pods "web" is forbidden: maximum memory usage per Pod is 1500Mi, but limit is 2Gi',
    )
    const claim = {
      metadata: { name: 'd', namespace: 'a' },
      spec: { resources: { requests: { storage: '2Gi' } } },
    }
    expect((await run(plugin, { what: 'persistentvolumeclaims', object: claim })).refused).toContain(
      'maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
    )
    expect((await run(plugin, { what: 'pods', object: pod({}, { namespace: 'b' }) })).object).toEqual(
      pod({}, { namespace: 'b' }),
    )
  })
})
