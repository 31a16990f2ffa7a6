import { describe, expect, test } from 'bun:test'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { alreadyExists, badRequest } from '../../../machinery/status/errors.ts'
import { choosePlugins, pluginNameFault } from '../choice.ts'
import { run } from '../testing.ts'
import {
  alwaysAdmit,
  alwaysDeny,
  denyServiceExternalIps,
  namespaceAutoProvision,
  namespaceExists,
} from './others.ts'
import {
  alwaysPullImages,
  extendedResourceToleration,
  limitPodHardAntiAffinity,
  podNodeSelector,
} from './pods.ts'

const lister = (...held: KubeObject[]) =>
  ({ get: (_: string, name: string) => held.find(({ metadata }) => metadata.name === name) }) as never
const pod = (spec: object = {}) => ({
  metadata: { name: 'p', namespace: 'n' },
  spec: { containers: [{ name: 'c', image: 'a' }], ...spec },
})
const specOf = (object: unknown) => (object as { spec: Record<string, unknown> }).spec

describe('which plugins run', () => {
  const standing = [namespaceExists(lister()), { ...denyServiceExternalIps(), name: 'LimitRanger' }]
  const names = (enabled: string[], disabled: string[]) =>
    choosePlugins(standing, { enabled, disabled }).map(({ name }) => name)

  test('optional ones run when they are asked for, usual ones until they are disabled', () => {
    expect(names([], [])).toEqual(['LimitRanger'])
    expect(names(['NamespaceExists'], [])).toEqual(['NamespaceExists', 'LimitRanger'])
    expect(names([], ['LimitRanger'])).toEqual([])
  })
  test('what is not there is refused by name', () => {
    expect(pluginNameFault('PodNodeSelector')).toBeUndefined()
    expect(pluginNameFault('LimitRanger')).toBeUndefined()
    expect(pluginNameFault('EventRateLimit')).toBeUndefined()
    expect(pluginNameFault('NodeDeclaredFeatureValidator')).toBeUndefined()
    expect(pluginNameFault('Nothing')).toBe('admission plugin "Nothing" is unknown')
  })
})

describe('AlwaysPullImages', () => {
  test('turns every pull policy to Always, of image volumes too', async () => {
    const volumes = [{ name: 'v', image: { reference: 'b', pullPolicy: 'Never' } }]
    const initContainers = [{ name: 'i', image: 'b', imagePullPolicy: 'Never' }]
    const { object } = await run(alwaysPullImages(), {
      what: 'pods',
      object: pod({ volumes, initContainers }),
    })
    expect(specOf(object)).toMatchObject({
      containers: [{ imagePullPolicy: 'Always' }],
      initContainers: [{ imagePullPolicy: 'Always' }],
      volumes: [{ image: { pullPolicy: 'Always' } }],
    })
  })
  test('refuses what a later plugin turned back', async () => {
    const { validate } = alwaysPullImages()
    const object = pod({ containers: [{ name: 'c', image: 'a', imagePullPolicy: 'Never' }] })
    const { refused } = await run({ name: 'x', handles: () => true, validate }, { what: 'pods', object })
    const detail =
      'spec.containers[0].imagePullPolicy: Unsupported value: "Never": supported values: "Always"'
    expect(refused).toBe(`pods "p" is forbidden: ${detail}`)
  })
  test('leaves updates that bring no image', async () => {
    const given = { operation: 'UPDATE', what: 'pods', object: pod(), oldObject: pod() } as const
    expect(specOf((await run(alwaysPullImages(), given)).object)).toEqual(pod().spec)
  })
})

describe('the other plugins about pods', () => {
  test('LimitPodHardAntiAffinityTopology allows the hostname alone', async () => {
    const away = (topologyKey: string) =>
      pod({
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } },
      })
    const ask = (key: string) => run(limitPodHardAntiAffinity(), { what: 'pods', object: away(key) })
    expect((await ask('kubernetes.io/hostname')).refused).toBeUndefined()
    expect((await ask('zone')).refused).toBe(
      'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
    )
  })
  test('ExtendedResourceToleration tolerates the taint of each extended resource once', async () => {
    const requests = { cpu: '1', 'hugepages-2Mi': '1', 'a.com/gpu': '1', 'b.kubernetes.io/x': '1' }
    const wanted = { key: 'a.com/gpu', operator: 'Exists', effect: 'NoSchedule' }
    const containers = [{ name: 'c', image: 'a', resources: { requests } }]
    const ask = async (spec: object) =>
      specOf((await run(extendedResourceToleration(), { what: 'pods', object: pod(spec) })).object)
        .tolerations
    expect(await ask({ containers })).toEqual([wanted])
    expect(await ask({ containers, tolerations: [wanted] })).toEqual([wanted])
    expect(await ask({})).toBeUndefined()
  })
  test("PodNodeSelector adds the namespace's labels and refuses others", async () => {
    const annotations = (text: string) => ({ 'scheduler.alpha.kubernetes.io/node-selector': text })
    const ask = (text: string, nodeSelector: object) =>
      run(podNodeSelector(lister({ metadata: { name: 'n', annotations: annotations(text) } } as never)), {
        what: 'pods',
        object: pod({ nodeSelector }),
      })
    expect(specOf((await ask('zone=a,disk=ssd', { disk: 'ssd' })).object).nodeSelector).toEqual({
      zone: 'a',
      disk: 'ssd',
    })
    expect((await ask('zone=a', { zone: 'b' })).refused).toBe(
      'pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector',
    )
    expect(await ask('zone', {})).toMatchObject({
      code: 500,
      refused: expect.stringContaining('invalid selector: [zone]'),
    })
  })
})

describe('plugins about other kinds', () => {
  test('DenyServiceExternalIPs lets held addresses be and refuses new ones', async () => {
    const service = (...externalIPs: string[]) => ({
      metadata: { name: 's', namespace: 'n' },
      spec: { externalIPs },
    })
    const ask = (object: object, oldObject?: object) =>
      run(denyServiceExternalIps(), {
        ...{ operation: oldObject ? 'UPDATE' : 'CREATE', what: 'services', object },
        ...(oldObject && { oldObject }),
      })
    const refused = 'services "s" is forbidden: Use of external IPs is denied by admission control'
    expect((await ask(service('192.0.2.1'))).refused).toBe(refused)
    expect((await ask(service('192.0.2.1', '192.0.2.2'), service('192.0.2.1'))).refused).toBe(refused)
    expect((await ask(service('192.0.2.1'), service('192.0.2.1', '192.0.2.2'))).refused).toBeUndefined()
    expect((await ask(service())).refused).toBeUndefined()
  })
  test('NamespaceExists refuses writes into nothing', async () => {
    const object = { metadata: { name: 'c', namespace: 'n' } }
    const there = lister({ metadata: { name: 'n' } } as never)
    expect((await run(namespaceExists(there), { what: 'configmaps', object })).refused).toBeUndefined()
    expect(await run(namespaceExists(lister()), { what: 'configmaps', object })).toMatchObject({
      code: 404,
      refused: 'namespaces "n" not found',
    })
  })
})

describe('NamespaceAutoProvision', () => {
  const made: string[] = []
  const plugin = namespaceAutoProvision(lister({ metadata: { name: 'there' } } as KubeObject), async name => {
    made.push(name)
    if (name === 'raced') throw alreadyExists({ group: '', resource: 'namespaces' }, name)
    if (name === 'bad') throw badRequest('no')
  })
  const write = (namespace: string, more: object = {}) =>
    run(plugin, { what: 'configmaps', object: { metadata: { name: 'c', namespace } }, ...more })

  test('makes the namespace that is missing, and is content when another was faster', async () => {
    for (const namespace of ['there', 'new', 'raced'])
      expect((await write(namespace)).refused).toBeUndefined()
    await write('gone', { operation: 'DELETE' })
    expect(made).toEqual(['new', 'raced'])
    expect((await write('bad')).refused).toBe('configmaps "c" is forbidden: no')
  })
})

describe('AlwaysDeny and AlwaysAdmit', () => {
  test('do what they are called', async () => {
    const given = { what: 'configmaps', object: { metadata: { name: 'c', namespace: 'n' } } }
    expect((await run(alwaysDeny(), given)).refused).toBe(
      'configmaps "c" is forbidden: admission control is denying all modifications',
    )
    expect((await run(alwaysAdmit(), given)).refused).toBeUndefined()
  })
})

describe('PodNodeSelector with a configuration', () => {
  const plugin = podNodeSelector(lister({ metadata: { name: 'n' } } as KubeObject), {
    clusterDefaultNodeSelector: 'zone=a',
    n: 'zone=a,disk=ssd',
  })
  test('selects what the cluster does, and nothing beside the list of the namespace', async () => {
    const { object } = await run(plugin, { what: 'pods', object: pod() })
    expect(specOf(object).nodeSelector).toEqual({ zone: 'a' })
    const wide = await run(plugin, { what: 'pods', object: pod({ nodeSelector: { gpu: 'yes' } }) })
    expect(wide.refused).toBe(
      'pods "p" is forbidden: pod node label selector labels conflict with its namespace whitelist',
    )
  })
})
