import type { Event } from '../../../api/types/core-v1.gen.ts'
import type { ResourceRef } from '../../../client/resource.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { namespaces, persistentVolumeClaims } from '../../kinds.ts'
import { type VolumeSnapshotContent, volumeSnapshotContents, volumeSnapshots } from './kinds.ts'
import type { Scenario } from './scenarios.testing.ts'
import { actors, type World } from './world.testing.ts'

const events: ResourceRef<Event> = {
  ...{ group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true },
}

/** What is there at a moment, without what no two runs have in common; events are those of the whole time. */
export interface Sight {
  readonly snapshots: Readonly<Record<string, unknown>>
  readonly contents: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, readonly string[]>>
}

export interface Outcome {
  readonly sights: readonly Sight[]
  readonly events: readonly string[]
}

/** Plays one scenario in its own namespace and says what was seen. */
export async function play(scenario: Scenario, world: World): Promise<Outcome> {
  const { client, namespace, settle } = world
  await client.create(namespaces, { metadata: { name: namespace } })
  const sights: Sight[] = []
  const look = async () => {
    await settle()
    sights.push(await see(world))
  }
  await scenario({ ...actors(world), look }, world)
  await look()
  return { sights, events: await told(world) }
}

async function see({ client, namespace }: World): Promise<Sight> {
  const snapshots = (await client.list(volumeSnapshots, { namespace })).items
  const contents = (await client.list(volumeSnapshotContents)).items
  const claims = (await client.list(persistentVolumeClaims, { namespace })).items
  const ours = contents.filter(({ spec }) => spec.volumeSnapshotRef.namespace === namespace)
  return {
    snapshots: Object.fromEntries(snapshots.map(each => [each.metadata.name, plain(each)])),
    contents: Object.fromEntries(ours.map(each => [nameOf(each), plain(each)])),
    claims: Object.fromEntries(claims.map(({ metadata }) => [metadata.name, metadata.finalizers ?? []])),
  }
}

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
const nameOf = ({ metadata, spec }: VolumeSnapshotContent) =>
  `${metadata.name!.replace(uuid, 'UID')} of ${spec.volumeSnapshotRef.name}`

/** Uids and times of this run have no meaning beyond it; those that a scenario itself says do. */
function plain(object: KubeObject): unknown {
  const { spec, status, metadata } = object as KubeObject & {
    spec: unknown
    status?: { error?: { time?: string } }
  }
  const text = JSON.stringify({
    ...{ finalizers: metadata.finalizers, annotations: metadata.annotations },
    ...{ isGoing: metadata.deletionTimestamp !== undefined, spec, status },
  })
  return JSON.parse(
    text
      .replace(uuid, id => (id.startsWith('11111111') ? id : 'UID'))
      .replace(/"resourceVersion":"\d+"/g, '"resourceVersion":"RV"')
      .replace(/"time":"(?!2023)[^"]*"/g, '"time":"NOW"'),
  )
}

/** Without those that only say that somebody else wrote at the same time. */
async function told({ client, namespace }: World): Promise<string[]> {
  const { items } = await client.list(events, { namespace })
  const own = items.filter(({ source }) => source?.component === 'snapshot-controller')
  const lines = own.map(({ type, reason, message = '', involvedObject }) =>
    `${involvedObject.kind} ${involvedObject.name} ${type} ${reason}: ${message}`.replace(uuid, 'UID'),
  )
  return [...new Set(lines)].filter(line => !line.includes('object has been modified')).toSorted()
}
