import { type Plan, update } from '../../../controller/actions.ts'
import type { View } from '../../../controller/view.ts'
import { isDefault } from './facts.ts'
import { type Failure, quoted, SnapshotProblem } from './failure.ts'
import { snapshotGroup, type VolumeSnapshot, volumeSnapshotClasses, volumeSnapshots } from './kinds.ts'
import { volumeOf } from './source.ts'

/** What comes of looking for the class of a snapshot before anything else. */
export interface ClassStep {
  /** Without it the rest waits, except for a deletion. */
  readonly failure?: Failure
  readonly plan: Plan
}

const found: ClassStep = { plan: [] }

/** A named class must be there; a snapshot of a claim without one gets the default of its driver. */
export function settleClass(snapshot: VolumeSnapshot, view: View): ClassStep {
  const { volumeSnapshotClassName: name, source } = snapshot.spec
  if (name !== undefined)
    return view.store(volumeSnapshotClasses).get(undefined, name) ? found : missing(name)
  if (source.volumeSnapshotContentName !== undefined) return found
  try {
    const volumeSnapshotClassName = defaultClassFor(snapshot, view)
    const spec = { ...snapshot.spec, volumeSnapshotClassName }
    return { plan: [update(volumeSnapshots, { ...snapshot, spec })] }
  } catch (error) {
    if (!(error instanceof SnapshotProblem)) throw error
    const message = `Failed to set default snapshot class with error ${error.message}`
    return { plan: [], failure: { reason: 'SetDefaultSnapshotClassFailed', message, keepsReady: true } }
  }
}

function missing(name: string): ClassStep {
  const problem = `volumesnapshotclass.${snapshotGroup} ${quoted(name)} not found`
  const message = `Failed to get snapshot class with error ${problem}`
  return { plan: [], failure: { reason: 'GetSnapshotClassFailed', message, keepsReady: true } }
}

function defaultClassFor(snapshot: VolumeSnapshot, view: View): string {
  const { csi } = volumeOf(snapshot, view).spec ?? {}
  if (!csi) {
    const { namespace, name } = snapshot.metadata
    throw new SnapshotProblem(`snapshotting non-CSI volumes is not supported, snapshot:${namespace}/${name}`)
  }
  const classes = view.store(volumeSnapshotClasses).list()
  const defaults = classes.filter(each => isDefault(each) && each.driver === csi.driver)
  if (defaults.length > 1) throw new SnapshotProblem(`${defaults.length} default snapshot classes were found`)
  const [only] = defaults
  if (!only) throw new SnapshotProblem('cannot find default snapshot class')
  return only.metadata.name!
}
