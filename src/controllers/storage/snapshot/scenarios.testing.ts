import { type Actors, taken, type World } from './world.testing.ts'

/** `look` writes down what there is when nothing is left to do; so does the end. */
export type Scenario = (
  does: Actors & { readonly look: () => Promise<void> },
  world: World,
) => Promise<unknown>

const secret = (name?: string, namespace?: string) => ({
  parameters: {
    ...(name !== undefined && { 'csi.storage.k8s.io/snapshotter-secret-name': name }),
    ...(namespace !== undefined && { 'csi.storage.k8s.io/snapshotter-secret-namespace': namespace }),
  },
})

const token = (name: string) => `\${${name}}`

/** A bound claim, its volume and a class for it. */
async function stage(does: Actors, parameters = {}): Promise<void> {
  await does.snapshotClass('class', parameters)
  await does.volume()
  await does.claim()
}

async function staged(does: Actors, { settle }: World, parameters = {}): Promise<void> {
  await stage(does, parameters)
  await settle()
}

async function ready(does: Actors, world: World, parameters = {}): Promise<void> {
  await staged(does, world, parameters)
  await does.snapshot()
  await world.settle()
  await does.say('snap', taken)
  await world.settle()
}

async function bound(does: Actors, world: World, className?: string): Promise<void> {
  await does.snapshotClass()
  await does.content()
  await does.binding('snap', 'content', className)
  await world.settle()
}

/** What snapshots go through, by itself: played on upstream's controller and on ours. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  taken: async (does, world) => {
    await staged(does, world)
    await does.snapshot()
    await does.look()
    await does.say('snap', taken)
  },
  'taken-slowly': async (does, world) => {
    await staged(does, world)
    await does.snapshot()
    await world.settle()
    await does.say('snap', { ...taken, readyToUse: false, restoreSize: 0 })
    await does.look()
    await does.say('snap', taken)
  },
  'no-longer-ready': async (does, world) => {
    await ready(does, world)
    await does.say('snap', { readyToUse: false })
  },
  'default-class': async (does, world) => {
    await staged(does, world)
    await does.snapshotClass('usual', { deletionPolicy: 'Retain' }, true)
    await world.settle()
    await does.snapshot('snap', 'data', null)
  },
  'no-default-class': async (does, world) => {
    await staged(does, world)
    await does.snapshot('snap', 'data', null)
  },
  'two-default-classes': async (does, world) => {
    await staged(does, world)
    await does.snapshotClass('one', {}, true)
    await does.snapshotClass('two', {}, true)
    await world.settle()
    await does.snapshot('snap', 'data', null)
  },
  'default-class-of-another-driver': async (does, world) => {
    await staged(does, world)
    await does.snapshotClass('usual', { driver: 'another.example.com' }, true)
    await world.settle()
    await does.snapshot('snap', 'data', null)
  },
  'default-class-comes-later': async (does, world) => {
    await staged(does, world)
    await does.snapshot('snap', 'data', null)
    await does.look()
    await does.snapshotClass('usual', {}, true)
  },
  'class-missing': async (does, world) => {
    await staged(does, world)
    await does.snapshot('snap', 'data', 'nothing')
    await does.look()
    await does.snapshotClass('nothing')
  },
  'claim-missing': async (does, world) => {
    await does.snapshotClass()
    await does.snapshot()
    await world.settle()
  },
  'claim-missing-without-class': async does => await does.snapshot('snap', 'data', null),
  'claim-pending': async (does, world) => {
    await does.snapshotClass()
    await does.claim()
    await world.settle()
    await does.snapshot()
    await does.look()
    await does.volume()
    // Upstream's binder and snapshot-controller look again only now and then.
    for (let more = 0; more < 4; more++) await world.settle()
  },
  'claim-pending-without-class': async (does, world) => {
    await does.claim()
    await world.settle()
    await does.snapshot('snap', 'data', null)
  },
  'claim-going': async (does, world) => {
    await staged(does, world)
    await does.snapshot()
    await world.settle()
    await does.deleteClaim()
    await does.look()
    await does.say('snap', taken)
  },
  'not-csi': async (does, world) => {
    await does.snapshotClass()
    await does.volume('data', { csi: undefined, hostPath: { path: '/srv' } })
    await does.claim()
    await world.settle()
    await does.snapshot()
  },
  'not-csi-without-class': async (does, world) => {
    await does.volume('data', { csi: undefined, hostPath: { path: '/srv' } })
    await does.claim()
    await world.settle()
    await does.snapshot('snap', 'data', null)
  },
  block: async (does, world) => {
    await does.snapshotClass()
    await does.volume('data', { volumeMode: 'Block' })
    await does.claim('data', { volumeMode: 'Block' })
    await world.settle()
    await does.snapshot()
  },
  'secret-by-template': async (does, world) => {
    await staged(does, world, secret(`of-${token('volumesnapshot.name')}`, token('volumesnapshot.namespace')))
    await does.snapshot()
  },
  'secret-of-nothing': async (does, world) => {
    await staged(does, world, secret(`of-${token('volume.name')}`, 'shop'))
    await does.snapshot()
  },
  'secret-half': async (does, world) => {
    await staged(does, world, secret('some'))
    await does.snapshot()
  },
  'secret-empty': async (does, world) => {
    await staged(does, world, secret('', 'shop'))
    await does.snapshot()
  },
  'secret-misnamed': async (does, world) => {
    await staged(does, world, secret('some', 'Not_A_Namespace'))
    await does.snapshot()
  },
  'driver-fails': async (does, world) => {
    await staged(does, world)
    await does.snapshot()
    await world.settle()
    const error = { message: 'the disk is full', time: '2023-11-14T22:13:20Z' }
    await does.say('snap', { readyToUse: false, error })
    await does.look()
    await does.say('snap', { ...taken, error: null })
  },
  'two-of-one-claim': async (does, world) => {
    await staged(does, world)
    await does.snapshot('one')
    await does.snapshot('two')
    await world.settle()
    await does.say('one', taken)
    await does.look()
    await does.say('two', taken)
  },
  'bound-by-name': async (does, world) => {
    await bound(does, world)
    await does.look()
    await does.say('snap', { ...taken, snapshotHandle: 'handle-0' })
  },
  'bound-by-name-with-class': async (does, world) => await bound(does, world, 'class'),
  'content-missing': async (does, world) => {
    await does.binding()
    await does.look()
    await does.content()
    await world.settle()
  },
  'content-of-another': async (does, world) => {
    await does.content('content', {}, 'another')
    await world.settle()
    await does.binding()
  },
  'content-of-an-earlier-one': async (does, world) => {
    const { namespace } = world
    const uid = '11111111-1111-4111-8111-111111111111'
    await does.content('content', { volumeSnapshotRef: { namespace, name: 'snap', uid } })
    await world.settle()
    await does.binding()
  },
  'content-of-a-volume': async (does, world) => {
    await does.content('content', { source: { volumeHandle: 'volume-of-data' } })
    await world.settle()
    await does.binding()
  },
  'content-alone': async does => await does.content(),
  'deleted-along': async (does, world) => {
    await ready(does, world)
    const content = await does.contentOf('snap')
    await does.delete()
    await does.look()
    await does.release(content)
  },
  retained: async (does, world) => {
    await ready(does, world, { deletionPolicy: 'Retain' })
    await does.delete()
  },
  'deleted-before-it-is-taken': async (does, world) => {
    await staged(does, world)
    await does.snapshot()
    await world.settle()
    const content = await does.contentOf('snap')
    await does.delete()
    await does.look()
    await does.release(content)
  },
  'deleted-by-name': async (does, world) => {
    await bound(does, world)
    const content = await does.contentOf('snap')
    await does.say('snap', { ...taken, snapshotHandle: 'handle-0' })
    await world.settle()
    await does.delete()
    await does.look()
    await does.release(content)
  },
  'deleted-without-content': async (does, world) => {
    await does.binding()
    await world.settle()
    await does.delete()
  },
  'deleted-without-class': async (does, world) => {
    await ready(does, world)
    await does.deleteClass()
    await world.settle()
    const content = await does.contentOf('snap')
    await does.delete()
    await does.look()
    await does.release(content)
  },
  'deleted-while-restored': async (does, world) => {
    await ready(does, world)
    const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap' }
    await does.claim('restored', { dataSource })
    await world.settle()
    await does.delete()
    await does.look()
    await does.deleteClaim('restored')
  },
  'held-by-another': async (does, world) => {
    await staged(does, world)
    await does.snapshot('snap', 'data', 'class', ['example.com/backup'])
    await world.settle()
    await does.say('snap', taken)
    await world.settle()
    const content = await does.contentOf('snap')
    await does.delete()
    await world.settle()
    await does.release(content)
  },
  'content-lost': async (does, world) => {
    await ready(does, world)
    const content = await does.contentOf('snap')
    await does.deleteContent(content)
    await world.settle()
    await does.release(content)
  },
  'content-repointed': async (does, world) => {
    await ready(does, world)
    await does.repoint('snap', '11111111-1111-4111-8111-111111111111')
    await world.settle()
    await does.touch()
  },
}
