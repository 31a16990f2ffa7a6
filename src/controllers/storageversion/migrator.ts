import type {
  StorageVersionMigration,
  StorageVersionMigrationStatus,
} from '../../api/types/storagemigration-v1beta1.gen.ts'
import { type Catalog, type ServedResource, servedWith } from '../../client/catalog.ts'
import { hasReason, isConflict } from '../../client/failure.ts'
import { compareRevisions } from '../../client/resource.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import type { Requeue, Worker, WorkerContext } from '../../controller/worker.ts'
import { isConditionTrue } from '../../machinery/meta/conditions.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { messageOf } from '../../std/message.ts'
import { storageVersionMigrations } from '../kinds.ts'

const verbsNeeded = ['update', 'patch', 'list'] as const
/** How long a resource may be unknown: custom ones take a moment. */
const patienceMs = 60_000
const pauseMs = 5_000
const pageMax = 500
/** After these the whole migration is tried again later. */
const passing = [
  'ServerTimeout',
  'TooManyRequests',
  'ServiceUnavailable',
  'InternalError',
  'Timeout',
] as const

type Outcome = 'Running' | 'Succeeded' | 'Failed'
const reasons: Readonly<Record<Outcome, string>> = {
  Running: 'StorageVersionMigrationInProgress',
  Succeeded: 'StorageVersionMigrationSucceeded',
  Failed: 'StorageVersionMigrationFailed',
}

/**
 * Writes every object of a resource again that is not newer than the migration, so that it is stored in the version of
 * today (upstream pkg/controller/storageversionmigrator, KEP-4192): first the revision is noted, then each object is
 * applied empty, which only writes what is stored otherwise.
 */
export function storageVersionMigrator(catalog: Catalog): Worker {
  return {
    name: 'storage-version-migrator',
    identity: 'storage-version-migrator-controller',
    start(context) {
      // A gate that is on and an API that is not: nobody can ask for anything.
      if (!catalog.all().some(({ plural }) => plural === storageVersionMigrations.plural))
        return async () => ({})
      const { store } = context.use(storageVersionMigrations)
      context.watch(storageVersionMigrations, migration => [migration?.metadata.name])
      return async name => {
        const migration = store.get(undefined, name)
        return migration ? migrate({ ...context, catalog }, migration) : {}
      }
    },
  }
}

interface Migrating extends WorkerContext {
  readonly catalog: Catalog
}

async function migrate(migrating: Migrating, migration: StorageVersionMigration): Promise<Requeue> {
  const { status = {} } = migration
  if (isTrue(status, 'Succeeded') || isTrue(status, 'Failed')) return {}
  const resource = resourceOf(migrating, migration)
  if (!resource) return waitOrFail(migrating, migration)
  return status.resourceVersion ? run(migrating, migration, resource) : note(migrating, migration, resource)
}

/** The version of a resource that is preferred, that is, stored. */
function resourceOf({ catalog }: Migrating, { spec }: StorageVersionMigration): ServedResource | undefined {
  const { group = '', resource } = spec?.resource ?? {}
  return servedWith(catalog).find(each => each.group === group && each.plural === resource)
}

async function waitOrFail(migrating: Migrating, migration: StorageVersionMigration): Promise<Requeue> {
  const ageMs = migrating.ports.clock.nowMs() - (fromTimestamp(migration.metadata.creationTimestamp) ?? 0)
  if (ageMs < patienceMs) return { afterMs: pauseMs }
  await settle(migrating, migration, 'Failed', 'resource does not exist in discovery')
  return {}
}

/** Objects that are written from here on are stored as they should be. */
async function note(
  migrating: Migrating,
  migration: StorageVersionMigration,
  resource: ServedResource,
): Promise<Requeue> {
  if (!verbsNeeded.every(verb => resource.verbs.includes(verb))) {
    const text = `resource ${quote(nameOf(resource))} does not support discovery operations: [${verbsNeeded.join(' ')}]`
    await settle(migrating, migration, 'Failed', text)
    return {}
  }
  const { metadata } = await migrating.client.list(resource, { limit: 1 })
  const status = { ...migration.status, resourceVersion: metadata.resourceVersion ?? '' }
  await migrating.client.updateStatus(storageVersionMigrations, { ...migration, status })
  return {}
}

/** As Go prints a GroupVersionResource. */
function nameOf({ group, version, plural }: ServedResource): string {
  return `${toApiVersion(group, version)}, Resource=${plural}`
}

async function run(
  migrating: Migrating,
  migration: StorageVersionMigration,
  resource: ServedResource,
): Promise<Requeue> {
  const running = await settle(migrating, migration, 'Running', '')
  let continued: string | undefined
  do {
    const page = await migrating.client.list(resource, {
      limit: pageMax,
      ...(continued && { continue: continued }),
    })
    for (const { metadata } of page.items) {
      if (compareRevisions(metadata.resourceVersion, running.status?.resourceVersion) > 0) continue
      const failure = await rewrite(migrating, resource, metadata)
      if (failure === undefined) continue
      await settle(
        migrating,
        running,
        'Failed',
        `migration encountered unhandled error: ${messageOf(failure)}`,
      )
      return {}
    }
    continued = page.metadata.continue || undefined
  } while (continued && !migrating.signal.aborted)
  await settle(migrating, running, 'Succeeded', '')
  return {}
}

interface Place {
  readonly namespace?: string
  readonly name?: string
  readonly uid?: string
  readonly resourceVersion?: string
}

/**
 * Applies nothing to the very object that was seen. One that was changed, deleted or made anew meanwhile needs nothing.
 * Answers why it cannot be; throws what may pass.
 */
async function rewrite(
  { client }: Migrating,
  resource: ServedResource,
  { namespace, name, uid, resourceVersion }: Place,
): Promise<unknown> {
  const metadata = { name: name!, ...(namespace && { namespace }), uid, resourceVersion }
  const object = { apiVersion: toApiVersion(resource.group, resource.version), kind: resource.kind, metadata }
  try {
    await client.apply(resource, object as never, { fieldManager: 'storage-version-migrator-controller' })
    return undefined
  } catch (error) {
    if (isConflict(error)) return undefined
    if (passing.some(reason => hasReason(error, reason))) throw error
    return error
  }
}

function isTrue({ conditions = [] }: StorageVersionMigrationStatus, type: Outcome): boolean {
  return isConditionTrue(conditions, type)
}

/**
 * Adds a condition that is not there yet; one that ends the migration ends its running too. A status without a revision
 * is refused, with which upstream's never comes to say that it failed: the migration's own stands in.
 */
async function settle(
  { client, ports }: Migrating,
  migration: StorageVersionMigration,
  type: Outcome,
  message: string,
): Promise<StorageVersionMigration> {
  const { status = {} } = migration
  const { conditions = [] } = status
  if (conditions.some(condition => condition.type === type)) return migration
  const ended = conditions.map(each => (each.type === 'Running' ? { ...each, status: 'False' } : each))
  const condition = {
    ...{ type, status: 'True', reason: reasons[type], message },
    lastTransitionTime: toTimestamp(ports.clock.nowMs()),
  }
  const resourceVersion = status.resourceVersion || migration.metadata.resourceVersion
  const wanted = {
    ...status,
    resourceVersion,
    conditions: [...(type === 'Running' ? conditions : ended), condition],
  }
  return client.updateStatus(storageVersionMigrations, { ...migration, status: wanted })
}
