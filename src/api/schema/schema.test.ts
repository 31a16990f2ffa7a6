import { describe, expect, test } from 'bun:test'
import type { ListSchema, MapSchema, ObjectSchema, ScalarSchema } from '../../machinery/schema/schema.ts'
import { discoveredResource, discovery } from './discovery.ts'
import { builtinKind, facts } from './index.ts'

const core = (name: string) => facts.typeNamed(`k8s.io/api/core/v1.${name}`)!
const field = (type: ObjectSchema, name: string) => type.fields.get(name)!

describe('facts of the built-in types', () => {
  test('are found by kind and by Go name, and are the same object', () => {
    expect(builtinKind('', 'v1', 'Pod')).toBe(core('Pod'))
    expect(facts.kindSchema('', 'v1', 'Pot')).toBeUndefined()
    expect(facts.typeNamed('k8s.io/api/core/v1.Pot')).toBeUndefined()
    expect(() => builtinKind('', 'v1', 'Pot')).toThrow('no Pot in core/v1')
  })

  test('have protobuf numbers in order', () => {
    const numbers = core('ContainerPort').proto!.map(({ number, name }) => [number, name])
    expect(numbers).toEqual([
      [1, 'name'],
      [2, 'hostPort'],
      [3, 'containerPort'],
      [4, 'protocol'],
      [5, 'hostIP'],
    ])
  })

  test('know list types and keys, merge directives, atomic types and maps', () => {
    const ports = field(core('ServiceSpec'), 'ports')
    expect(ports.schema as ListSchema).toMatchObject({ listType: 'map', listMapKeys: ['port', 'protocol'] })
    expect(ports).toMatchObject({ patchStrategies: ['merge'], patchMergeKey: 'port' })
    expect(field(core('PodSpec'), 'volumes').patchStrategies).toEqual(['merge', 'retainKeys'])
    expect((field(core('PodSpec'), 'nodeSelector').schema as MapSchema).atomic).toBe(true)
    expect((field(core('ServiceSpec'), 'externalIPs').schema as ListSchema).listType).toBe('atomic')
    expect((field(core('ObjectReference'), 'kind').schema as ScalarSchema).kind).toBe('string')
    expect(core('ObjectReference').atomic).toBe(true)
  })

  test('know what is required, omitted, pointed to, defaulted, and which values there are', () => {
    expect(field(core('ServicePort'), 'port')).toMatchObject({
      required: true,
      omitEmpty: false,
      pointer: false,
    })
    expect(field(core('ServicePort'), 'protocol')).toMatchObject({
      defaultValue: 'TCP',
      enumValues: ['SCTP', 'TCP', 'UDP'],
    })
    expect(field(core('PodSpec'), 'terminationGracePeriodSeconds')).toMatchObject({
      pointer: true,
      omitEmpty: true,
    })
    expect(field(core('Pod'), 'status')).toMatchObject({ omitEmpty: false, zeroDefault: true })
    expect(field(core('ObjectReference'), 'name').required).toBe(false)
  })

  test('flatten inlined structs in JSON and nest them in protobuf', () => {
    expect(field(core('Volume'), 'emptyDir').inlinedFrom).toBe('VolumeSource')
    const nested = core('Volume').proto!.find(({ number }) => number === 2)!
    expect([nested.name, (nested.schema as ObjectSchema).name]).toEqual([
      undefined,
      'k8s.io/api/core/v1.VolumeSource',
    ])
  })

  test('may contain themselves', () => {
    const props = facts.typeNamed('k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaProps')!
    expect(field(props, 'not').schema).toBe(props)
    expect((field(props, 'items').schema as ScalarSchema).nested).toBe(props)
  })

  test('know the lists that protobuf wraps in a message', () => {
    const extra = facts.typeNamed('k8s.io/api/authentication/v1.UserInfo')!.fields.get('extra')!
      .schema as MapSchema
    expect((extra.values as ListSchema).wrapped).toBe(true)
  })
})

describe('discovery of a stock server', () => {
  test('names only kinds that the facts know', () => {
    for (const { group, version, kind } of discovery().resources) {
      expect(facts.kindSchema(group, version, kind)?.name).toEndWith(`.${kind}`)
    }
  })

  test('is complete in every group', () => {
    const { groups, resources } = discovery()
    expect(groups.length).toBe(21)
    for (const { name, versions, preferredVersion } of groups) {
      expect(versions[0]).toBe(preferredVersion)
      expect(
        resources.some(resource => resource.group === name && resource.version === preferredVersion),
      ).toBe(true)
    }
  })

  test('tells verbs, short names, subresources, columns and where a resource is stored', () => {
    const deployments = discoveredResource('apps', 'v1', 'deployments')!
    expect(deployments).toMatchObject({
      singular: 'deployment',
      shortNames: ['deploy'],
      categories: ['all'],
      namespaced: true,
    })
    expect(deployments.subresources!.map(({ name }) => name)).toEqual(['scale', 'status'])
    expect(deployments.columns!.map(([name]) => name).slice(0, 5)).toEqual([
      'Name',
      'Ready',
      'Up-to-date',
      'Available',
      'Age',
    ])
    expect(discoveredResource('events.k8s.io', 'v1', 'events')!.storage).toBe('v1')
    expect(discoveredResource('autoscaling', 'v1', 'horizontalpodautoscalers')!.storage).toBe(
      'autoscaling/v2',
    )
    expect(discoveredResource('apps', 'v1', 'pods')).toBeUndefined()
  })
})
