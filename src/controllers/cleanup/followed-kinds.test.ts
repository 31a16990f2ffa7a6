import { expect, test } from 'bun:test'
import type { Catalog, CatalogChange, ServedResource } from '../../client/catalog.ts'
import { followKinds } from './followed-kinds.ts'

const verbs = ['delete', 'get', 'list', 'watch']
const kind = (plural: string, version = 'v1', stored = version): ServedResource => ({
  ...{ group: 'my.org', version, plural, kind: plural, namespaced: true, verbs },
  storage: { group: 'my.org', plural, version: stored },
})

/** A catalog that is told of first objects; `steps` is what its follower did. */
function world(first: readonly ServedResource[], tells = true) {
  let all = first
  let listener: (change?: CatalogChange) => void = () => {}
  const waiting = new Map<string, () => void>()
  const whenUsed: NonNullable<Catalog['whenUsed']> = ({ plural, storage }, then) => {
    if (storage) waiting.set(plural, then)
    else then()
    return () => void waiting.delete(plural)
  }
  const catalog: Catalog = {
    all: () => all,
    onChange(added) {
      listener = added
      return () => {
        listener = () => {}
      }
    },
    ...(tells && { whenUsed }),
  }
  const steps: string[] = []
  const cancel = followKinds(
    catalog,
    ({ plural }) => plural !== 'unwanted',
    ({ plural, version }) => {
      steps.push(`+${plural}/${version}`)
      return () => steps.push(`-${plural}/${version}`)
    },
  )
  const serve = (next: readonly ServedResource[], change?: CatalogChange) => {
    all = next
    listener(change)
  }
  const add = (resource: ServedResource) => serve([...all, resource], { type: 'added', resource })
  const use = (plural: string) => {
    waiting.get(plural)?.()
    waiting.delete(plural)
  }
  return { steps, serve, add, use, cancel, waiting }
}

test('a kind is followed from its first object on until it is served no more', () => {
  const { steps, serve, add, use, waiting } = world([kind('boats'), kind('events'), kind('unwanted')])
  expect([...waiting.keys()]).toEqual(['boats'])
  add(kind('cars'))
  add(kind('unwanted'))
  add({ ...kind('reviews'), verbs: ['create'] })
  expect(steps).toEqual([])
  use('cars')
  use('boats')
  expect(steps).toEqual(['+cars/v1', '+boats/v1'])
  serve([kind('boats')])
  expect(steps.slice(2)).toEqual(['-cars/v1'])
  add(kind('cars'))
  use('cars')
  expect(steps.slice(3)).toEqual(['+cars/v1'])
})

test('of several versions it is the stored one, also when that comes later', () => {
  const { steps, add, use } = world([])
  add(kind('boats', 'v1', 'v2'))
  use('boats')
  add(kind('boats', 'v2', 'v2'))
  use('boats')
  expect(steps).toEqual(['+boats/v1', '-boats/v1', '+boats/v2'])
})

test('a kind that another server takes over is followed there, where nobody can tell of it', () => {
  const { steps, serve } = world([kind('boats')])
  const { storage: _storage, ...remote } = kind('boats')
  serve([remote])
  expect(steps).toEqual(['+boats/v1'])
})

test('a kind that nobody ever used is waited for no more when it goes; where nobody can tell it is followed at once', () => {
  const { serve, waiting } = world([kind('boats')])
  serve([])
  expect(waiting.size).toBe(0)
  expect(world([kind('boats')], false).steps).toEqual(['+boats/v1'])
})
