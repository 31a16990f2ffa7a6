/**
 * The cases of structured-merge-diff's merge operations (apply, forced apply, update): after each operation the object,
 * the conflicts and what every manager owns, against what the library itself makes of it.
 */
import { describe, expect, test } from 'bun:test'
import { listPaths } from '../../src/machinery/apply/field-set.ts'
import {
  applyPatch,
  type FieldNode,
  type OtherVersion,
  updateManagedFields,
} from '../../src/machinery/apply/index.ts'
import type { KubeObject } from '../../src/machinery/meta/object.ts'
import type { ObjectSchema } from '../../src/machinery/schema/schema.ts'
import { StatusError } from '../../src/machinery/status/status.ts'
import type { Steps } from '../../src/std/turns.ts'
import { kindOf } from './atoms.ts'
import { type Conversion, conversions } from './conversions.ts'
import {
  operationsNeed,
  type Recorded,
  type RecordedOperation,
  type RecordedTypes,
  recordOperations,
} from './operations.ts'
import { unread } from './published.ts'

const missing = unread(...operationsNeed)
const now = '2026-01-01T00:00:00Z'

/** What lies between two operations. */
interface State {
  live: KubeObject | undefined
  version: string
  types: RecordedTypes
}

/** Why a case asks what a server's apply cannot be asked; undefined when it can. */
function unmapped(entry: Recorded): string | undefined {
  if (entry.filtered) return 'what a write may set is told as what it may not'
  const versions = entry.operations.flatMap(({ version }) => (version === '' ? [] : [version]))
  const sets = new Set(versions.map(version => JSON.stringify(entry.ignored[version])))
  return sets.size > 1 ? 'versions differ in what a write may set' : undefined
}

describe.skipIf(missing !== undefined)("structured-merge-diff's operations", () => {
  const cases = missing === undefined ? recordOperations() : []
  const asked = cases.filter(entry => unmapped(entry) === undefined)

  test('there are cases', () => expect(asked.length).toBeGreaterThan(missing === undefined ? 250 : 0))

  test('all are asked but these', () => {
    const left = cases.flatMap(entry => {
      const reason = unmapped(entry)
      return reason === undefined ? [] : [`${entry.name}: ${reason}`]
    })
    const ofVersions = [
      'apply_does_not_steal_ignored',
      'does_use_ignored_fields_versions',
      'update_does_not_steal_ignored',
    ]
    const named = ofVersions.map(
      name => `TestFilteredFieldsUsesVersions/${name}: versions differ in what a write may set`,
    )
    expect(left.sort()).toEqual(missing === undefined ? named : [])
  })

  test.each(asked.map((entry, index) => [`${entry.name} ${index}`, entry] as const))('%s', (_, entry) => {
    const state: State = { live: undefined, version: '', types: entry.types }
    for (const [index, operation] of entry.operations.entries()) {
      expect(step(entry, state, operation), `operation ${index}`).toEqual(wanted(operation))
    }
  })
})

interface Outcome {
  readonly refused: boolean
  readonly conflicts: readonly string[]
  readonly live: unknown
  readonly managers: unknown
}

function wanted({ refused, conflicts, live, managers }: RecordedOperation): Outcome {
  const sets = Object.entries(managers).map(([name, { version, set }]) => [name, { version, set }])
  return {
    refused: refused !== '',
    conflicts: [...conflicts].sort(),
    live: live ?? {},
    managers: Object.fromEntries(sets),
  }
}

function step(entry: Recorded, state: State, operation: RecordedOperation): Outcome {
  if (operation.verb === 'schema') {
    state.types = { ...operation.types }
    return outcome(state, undefined)
  }
  try {
    write(entry, state, operation)
    return outcome(state, undefined)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return outcome(state, error)
  }
}

function outcome({ live }: State, error: StatusError | undefined): Outcome {
  const { apiVersion: _, kind: _kind, metadata, ...members } = live ?? { metadata: {} }
  const causes = error?.status.details?.causes ?? []
  const managers = (metadata.managedFields ?? []).map(({ manager, operation, apiVersion, fieldsV1 }) => [
    operation === 'Apply' ? `${manager} Apply` : `${manager} Update ${apiVersion}`,
    { version: apiVersion, set: fieldsV1 as FieldNode },
  ])
  return {
    refused: error !== undefined && causes.length === 0,
    conflicts: causes.map(({ message, field }) => `${managerIn(message!)} ${field}`).sort(),
    live: members,
    managers: Object.fromEntries(managers),
  }
}

function managerIn(message: string): string {
  const [, name, version] = /^conflict with "([^"]*)"(?: using (.*))?$/.exec(message)!
  return version === undefined ? `${name} Apply` : `${name} Update ${version}`
}

/** The object of the case, as it lies in the version of the operation. */
function write(entry: Recorded, state: State, { verb, version, manager, object }: RecordedOperation): void {
  const convert = conversions[entry.converter.split('.').at(-1)!]
  if (!convert) throw new Error(`no converter ${entry.converter}`)
  state.live &&= { ...convert(state.live, state.version, version), apiVersion: version }
  state.version = version
  const writer = {
    manager: manager.split(' ')[0]!,
    apiVersion: version,
    now,
    schema: schemaIn(state, version),
    live: state.live,
    resetFields: listPaths(entry.ignored[version]).map(path => path.map(name => name.slice('f:'.length))),
    // Where nothing is converted, managers of other versions are as of the request's own.
    ...(convert === conversions.dummyConverter ? {} : { otherVersion: waysFrom(state, convert) }),
  }
  const sent = { ...object, apiVersion: version, kind: 'Kept', metadata: {} } as KubeObject
  if (verb !== 'update') {
    state.live = applyPatch({ ...writer, applied: sent, force: verb === 'force' }).object
    return
  }
  const managedFields = updateManagedFields({ ...writer, next: sent })
  state.live = { ...sent, metadata: managedFields ? { managedFields } : {} }
}

function schemaIn({ types }: State, version: string): ObjectSchema {
  return kindOf(types[version]!.schema, types[version]!.reference)
}

function waysFrom(state: State, convert: Conversion): (version: string) => OtherVersion {
  const own = state.version
  function* way(object: KubeObject, from: string, to: string): Steps<KubeObject> {
    yield
    return convert(object, from, to)
  }
  return version => ({
    schema: schemaIn(state, version),
    from: object => way(object, own, version),
    back: object => way(object, version, own),
  })
}
