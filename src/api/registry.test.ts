import { describe, expect, test } from 'bun:test'
import { builtinResources } from './builtin.ts'
import { defineResource } from './define-resource.ts'
import { compareVersions, createRegistry } from './registry.ts'
import { discovery } from './schema/discovery.ts'

describe('registry', () => {
  test('every kind that a stock server serves by default is registered', () => {
    const registry = createRegistry()
    const missing = discovery().resources.filter(
      ({ group, version, name }) => !registry.find(group, version, name),
    )
    expect(missing.map(({ group, version, name }) => `${name}.${group}/${version}`)).toEqual([])
  })

  test('groups and their versions come in the order of a stock server', () => {
    expect(createRegistry().groups()).toEqual(
      discovery().groups.map(({ name, versions }) => ({ name, versions })),
    )
  })

  test('a kind is found by plural, by kind and by its place in the store', () => {
    const registry = createRegistry()
    expect(registry.find('apps', 'v1', 'deployments')).toBe(registry.kind('apps', 'v1', 'Deployment')!)
    const stored = registry.storedAt('', 'events').map(({ group }) => group)
    expect(stored).toEqual(['', 'events.k8s.io'])
    expect(registry.find('apps', 'v1', 'nothing')).toBeUndefined()
  })

  test('kinds added and removed at run time are announced', () => {
    const registry = createRegistry([])
    const seen: string[] = []
    const end = registry.onChange(({ type, resource }) => seen.push(`${type} ${resource.plural}`))
    const resource = { ...builtinResources[0]!, group: 'example.com', plural: 'things', kind: 'Thing' }
    registry.add(resource)
    expect(registry.groups()).toEqual([{ name: 'example.com', versions: ['v1'] }])
    expect(() => registry.add(resource)).toThrow('example.com/v1/things is registered already')
    registry.remove(resource)
    expect(registry.find('example.com', 'v1', 'things')).toBeUndefined()
    end()
    registry.add(resource)
    expect(seen).toEqual(['added things', 'removed things'])
  })

  test('versions are ordered stable, beta, alpha, then anything else', () => {
    const shuffled = ['v1alpha1', 'foo10', 'v2', 'v1', 'v1beta2', 'foo2', 'v10', 'v1beta1']
    expect(shuffled.toSorted(compareVersions)).toEqual([
      'v10',
      'v2',
      'v1',
      'v1beta2',
      'v1beta1',
      'v1alpha1',
      'foo10',
      'foo2',
    ])
  })

  test('a cell that no column of the stock server names is refused', () => {
    const define = () => defineResource('v1', 'ConfigMap', { cells: { Data: () => 0, Colour: () => 'red' } })
    expect(define).toThrow('configmaps.v1 has a cell Colour, but no such column')
  })

  test('a column without a cell is refused', () => {
    expect(() => defineResource('v1', 'ConfigMap')).toThrow('configmaps.v1 has no cell for column Data')
  })
})
