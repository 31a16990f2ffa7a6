import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Namespace, Pod } from '../../../api/types/core-v1.gen.ts'
import { createMetrics } from '../../../std/metrics.ts'
import { memorySource } from '../../lister.ts'
import { run } from '../testing.ts'
import { evaluatePod } from './evaluate.ts'
import { podSecurity } from './plugin.ts'
import { type LevelVersion, policyOf } from './policy.ts'

const label = 'pod-security.kubernetes.io/'
const namespace = (name: string, modes: Record<string, string>): Namespace => ({
  metadata: {
    name,
    labels: Object.fromEntries(Object.entries(modes).map(([mode, level]) => [`${label}${mode}`, level])),
  },
})

const pods = memorySource<Pod>()
const plugin = podSecurity({
  namespaces: memorySource<Namespace>([
    namespace('free', {}),
    namespace('base', { enforce: 'baseline' }),
    namespace('tight', { enforce: 'restricted', 'enforce-version': 'v1.34' }),
    namespace('warned', { warn: 'restricted' }),
    namespace('broken', { enforce: 'tight' }),
  ]),
  pods,
  metrics: createMetrics(),
})

const pod = (name: string, spec: object = {}) => ({
  metadata: { name: 'web', namespace: name },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
})
const privileged = {
  containers: [{ name: 'c', image: 'x', securityContext: { privileged: true } }],
  hostPID: true,
}

describe('PodSecurity', () => {
  test('enforces the namespace’s level with upstream’s words', async () => {
    expect((await run(plugin, { what: 'pods', object: pod('free', privileged) })).refused).toBeUndefined()
    expect(await run(plugin, { what: 'pods', object: pod('base', privileged) })).toMatchObject({
      code: 403,
      refused:
        'pods "web" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true), privileged (container "c" must not set securityContext.privileged=true)',
    })
    expect((await run(plugin, { what: 'pods', object: pod('tight') })).refused).toBe(
      'pods "web" is forbidden: violates PodSecurity "restricted:v1.34": ' +
        'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
        'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    )
    expect((await run(plugin, { what: 'pods', object: pod('broken', privileged) })).code).toBe(403)
  })

  test('warns of pods and of what makes pods', async () => {
    const direct = await run(plugin, { what: 'pods', object: pod('warned', privileged) })
    expect(direct.refused).toBeUndefined()
    expect(direct.warnings[0]).toStartWith('would violate PodSecurity "restricted:latest": host namespaces')
    const metadata = { name: 'd', namespace: 'base' }
    const template = { spec: pod('', privileged).spec }
    const deployment = await run(plugin, {
      what: 'apps/deployments',
      object: { metadata, spec: { template } },
    })
    expect(deployment.warnings[0]).toStartWith('would violate PodSecurity "baseline:latest": host namespaces')
    const cron = { metadata, spec: { jobTemplate: { spec: { template } } } }
    expect((await run(plugin, { what: 'batch/cronjobs', object: cron })).warnings.length).toBe(1)
  })

  test('looks at updates only when images or ephemeral containers change', async () => {
    const old = pod('base', privileged)
    const update = { operation: 'UPDATE' as const, what: 'pods', oldObject: old }
    expect(
      (await run(plugin, { ...update, object: { ...old, metadata: { ...old.metadata, labels: {} } } }))
        .refused,
    ).toBeUndefined()
    const image = pod('base', { ...privileged, containers: [{ ...privileged.containers[0], image: 'y' }] })
    expect((await run(plugin, { ...update, object: image })).code).toBe(403)
    const debug = pod('base', { ...privileged, ephemeralContainers: [{ name: 'd' }] })
    expect((await run(plugin, { ...update, subresource: 'ephemeralcontainers', object: debug })).code).toBe(
      403,
    )
    expect((await run(plugin, { ...update, subresource: 'status', object: image })).refused).toBeUndefined()
  })

  test('refuses labels that it does not understand and warns of pods that a stricter level forbids', async () => {
    const bad = await run(plugin, {
      what: 'namespaces',
      object: namespace('n', { enforce: 'tight', 'warn-version': '1.2' }),
    })
    expect(bad).toMatchObject({
      code: 422,
      refused:
        'Namespace "n" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "tight": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"]',
    })
    for (const name of ['b', 'a', 'c'])
      pods.put({ ...pod('n', privileged), metadata: { name, namespace: 'n' } } as Pod)
    const tighter = {
      operation: 'UPDATE' as const,
      what: 'namespaces',
      object: namespace('n', { enforce: 'baseline' }),
    }
    expect((await run(plugin, { ...tighter, oldObject: namespace('n', {}) })).warnings).toEqual([
      'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 2 other pods): host namespaces, privileged',
    ])
    expect(
      (await run(plugin, { ...tighter, oldObject: namespace('n', { enforce: 'restricted' }) })).warnings,
    ).toEqual([])
  })

  test('whoever enforces without a warn level is warned of the same', () => {
    expect(
      policyOf(namespace('n', { enforce: 'baseline', 'enforce-version': 'v1.20' }).metadata.labels).policy
        .warn,
    ).toEqual({
      level: 'baseline',
      version: 'v1.20',
    })
    expect(
      policyOf({ [`${label}enforce`]: 'baseline', [`${label}warn`]: 'privileged' }).policy.warn.level,
    ).toBe('privileged')
  })

  test('relaxes for user namespaces and Windows where the standard does, and only since then', () => {
    const spec = { hostUsers: false, containers: [{ name: 'c', securityContext: { procMount: 'Unmasked' } }] }
    const found = (level: LevelVersion, more: object = {}) =>
      evaluatePod(level, { metadata: {}, spec: { ...spec, ...more } }).map(({ reason }) => reason)
    expect(found({ level: 'baseline', version: 'v1.34' })).toEqual(['procMount'])
    expect(found({ level: 'baseline', version: 'latest' })).toEqual([])
    expect(found({ level: 'restricted', version: 'v1.99' })).toContain('procMount')
    expect(found({ level: 'restricted', version: 'latest' }, { os: { name: 'windows' } })).toEqual([
      'procMount',
    ])
  })
})

/** Upstream's own cases, where its module is in the Go cache: 4,000 pods that each level and version must judge alike. */
const cases = join(homedir(), 'go/pkg/mod/k8s.io/pod-security-admission@v0.35.4/test/testdata')
const present = existsSync(cases)
if (!present) console.warn(`SKIP upstream's pod security cases: ${cases} is not there`)

test.skipIf(!present)(
  'judges every case of the standard’s own suite as the suite says',
  () => {
    const wrong: string[] = []
    let judged = 0
    for (const level of ['baseline', 'restricted'] as const) {
      for (const version of readdirSync(join(cases, level))) {
        for (const verdict of ['pass', 'fail']) {
          const folder = join(cases, level, version, verdict)
          for (const file of existsSync(folder) ? readdirSync(folder) : []) {
            const { metadata, spec } = parse(readFileSync(join(folder, file), 'utf8'))
            // The API makes a volume without a source an empty directory.
            for (const volume of spec.volumes ?? [])
              if (Object.keys(volume).length === 1) volume.emptyDir = {}
            const passes = evaluatePod({ level, version }, { metadata, spec }).length === 0
            if (passes !== (verdict === 'pass')) wrong.push(join(level, version, verdict, file))
            judged++
          }
        }
      }
    }
    expect(wrong).toEqual([])
    expect(judged).toBeGreaterThan(4000)
  },
  120_000,
)

describe('what an administrator configures', () => {
  const metrics = createMetrics()
  const configured = podSecurity(
    {
      namespaces: memorySource<Namespace>([
        namespace('free', {}),
        namespace('open', { enforce: 'privileged' }),
        namespace('exempt', { enforce: 'restricted' }),
      ]),
      pods,
      metrics,
    },
    {
      defaults: {
        enforce: { level: 'baseline', version: 'v1.30' },
        audit: { level: 'privileged', version: 'latest' },
        warn: { level: 'restricted', version: 'latest' },
      },
      exemptions: { usernames: ['root'], namespaces: ['exempt'], runtimeClasses: ['vm'] },
    },
  )
  const write = (spec: object, name = 'free', user = 'ann') =>
    run(configured, { what: 'pods', object: pod(name, spec), user: { username: user, groups: [] } })

  test('namespaces without labels keep to the defaults', async () => {
    expect((await write(privileged)).refused).toContain('violates PodSecurity "baseline:v1.30"')
    expect((await write({})).warnings[0]).toContain('would violate PodSecurity "restricted:latest"')
    expect((await write(privileged, 'open')).refused).toBeUndefined()
  })
  test('exempt users, namespaces and runtime classes are not looked at', async () => {
    expect(await write(privileged, 'free', 'root')).toMatchObject({ warnings: [] })
    expect((await write(privileged, 'exempt')).refused).toBeUndefined()
    expect((await write({ ...privileged, runtimeClassName: 'vm' })).refused).toBeUndefined()
    expect(metrics.text()).toContain(
      'pod_security_exemptions_total{request_operation="create",resource="pod",subresource=""} 3',
    )
    expect(metrics.text()).toContain(
      'pod_security_evaluations_total{decision="deny",mode="enforce",policy_level="baseline",policy_version="v1.30",request_operation="create",resource="pod",subresource=""} 1',
    )
  })
  test('labels of an exempt namespace are said to be in vain', async () => {
    const object = namespace('exempt', { enforce: 'restricted' })
    expect((await run(configured, { what: 'namespaces', object })).warnings).toEqual([
      'namespace "exempt" is exempt from Pod Security, and the policy (enforce=restricted:v1.30) will be ignored',
    ])
  })
})
