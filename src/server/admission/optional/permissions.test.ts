import { describe, expect, test } from 'bun:test'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import type { RequestInfo } from '../../context.ts'
import { run, type TestRequest } from '../testing.ts'
import { ownerReferencesPermission } from './owner-permissions.ts'
import { podTolerationRestriction, readTolerationSettings } from './pod-tolerations.ts'

const owner = (more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'r',
  uid: 'u',
  ...more,
})
const owned = (...owners: object[]) => ({
  metadata: { name: 'c', namespace: 'n', ...(owners.length > 0 && { ownerReferences: owners }) },
})

describe('OwnerReferencesPermissionEnforcement', () => {
  const checks: string[] = []
  const plugin = (...allowed: string[]) => {
    checks.length = 0
    return ownerReferencesPermission(({ info }: { info: RequestInfo }) => {
      const { verb, group, resource, subresource, namespace, name } = info
      const asked = `${verb} ${[resource, subresource].filter(Boolean).join('/')}.${group} ${namespace}/${name}`
      checks.push(asked)
      return { decision: allowed.includes(asked) ? 'allow' : 'noOpinion', reason: 'no role' }
    })
  }
  const create = { what: 'configmaps', object: owned(owner({ blockOwnerDeletion: true })) }

  test('creating asks nothing about an owner that may go first', async () => {
    await run(plugin(), { what: 'configmaps', object: owned(owner()) })
    expect(checks).toEqual([])
  })
  test('holding back an owner needs the right to finalize it, or everything', async () => {
    const finalize = 'update replicasets/finalizers.apps n/r'
    expect((await run(plugin(finalize), create)).refused).toBeUndefined()
    expect(checks).toEqual(['update */finalizers.* /*', finalize])
    expect((await run(plugin('update */finalizers.* /*'), create)).refused).toBeUndefined()
    const rule =
      "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"
    expect((await run(plugin(), create)).refused).toBe(`configmaps "c" is forbidden: ${rule}: no role, <nil>`)
  })
  test('changing owners needs the right to delete the dependent', async () => {
    const change: TestRequest = {
      ...{ what: 'configmaps', object: owned(owner()), oldObject: owned() },
      operation: 'UPDATE',
    }
    expect((await run(plugin(), change)).refused).toBe(
      `configmaps "c" is forbidden: cannot set an ownerRef on a resource you can't delete: no role, <nil>`,
    )
    expect((await run(plugin('delete configmaps. n/c'), change)).refused).toBeUndefined()
    await run(plugin(), { ...change, oldObject: owned(owner()) })
    expect(checks).toEqual([])
  })
  test('an owner of a kind that nobody serves is refused', async () => {
    const object = owned(owner({ kind: 'Nothing', blockOwnerDeletion: true }))
    const why = 'no matches for kind "Nothing" in version "apps/v1"'
    expect((await run(plugin(), { what: 'configmaps', object })).refused).toEndWith(
      `cannot find RESTMapping for APIVersion apps/v1 Kind Nothing: ${why}`,
    )
  })
})

describe('PodTolerationRestriction', () => {
  const defaults = 'scheduler.alpha.kubernetes.io/defaultTolerations'
  const whitelist = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist'
  const lister = (annotations: object) => {
    const namespace = { metadata: { name: 'n', annotations } } as KubeObject
    return { get: () => namespace, list: () => [namespace] } as never
  }
  const pod = (tolerations: object[] = [], requests?: object) => ({
    what: 'pods',
    object: {
      metadata: { name: 'p', namespace: 'n' },
      spec: { containers: [{ name: 'c', ...(requests && { resources: { requests } }) }], tolerations },
    },
  })
  const toleration = { key: 'gpu', operator: 'Exists' }
  const ssd = { key: 'ssd', operator: 'Exists' }
  const held = (object: unknown) => (object as { spec: { tolerations: object[] } }).spec.tolerations

  test("gives a namespace's tolerations, or the cluster's where it says nothing", async () => {
    const own = podTolerationRestriction(lister({ [defaults]: JSON.stringify([toleration]) }), {
      default: [ssd],
    })
    expect(held((await run(own, pod())).object)).toEqual([toleration])
    const cluster = podTolerationRestriction(lister({}), { default: [ssd] })
    expect(held((await run(cluster, pod())).object)).toEqual([ssd])
    const empty = podTolerationRestriction(lister({ [defaults]: '' }), { default: [ssd] })
    expect(held((await run(empty, pod())).object)).toEqual([])
  })
  test('pods that ask for something stay where memory is short', async () => {
    const plugin = podTolerationRestriction(lister({}))
    expect(held((await run(plugin, pod([], { cpu: '1' }))).object)).toEqual([
      { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
    ])
  })
  test('refuses what the list does not have', async () => {
    const own = podTolerationRestriction(lister({ [whitelist]: JSON.stringify([toleration]) }))
    expect(await run(own, pod([toleration]))).not.toHaveProperty('refused')
    const why = 'pod tolerations (possibly merged with namespace default tolerations) conflict with its'
    expect(await run(own, pod([ssd]))).toMatchObject({ code: 500, refused: `${why} namespace whitelist` })
    const cluster = podTolerationRestriction(lister({}), { whitelist: [toleration] })
    expect((await run(cluster, pod([ssd]))).refused).toBe(`${why} cluster whitelist`)
  })
  test('its configuration is checked', () => {
    const head = 'apiVersion: podtolerationrestriction.admission.k8s.io/v1alpha1\nkind: Configuration\n'
    expect(readTolerationSettings(`${head}default: [{key: gpu, operator: Exists}]`)).toEqual({
      default: [toleration],
    })
    expect(() => readTolerationSettings(`${head}default: [{operator: Equal}]`)).toThrow(
      'invalid config: [podtolerationrestriction.default[0].operator: Invalid value: "Equal"',
    )
  })
})
