import type { Cycle, Rejection } from '../framework/plugin.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'

/** Applies a filter to cordoned and tainted nodes alone; it has nothing against any other. */
export function filterRestricted(
  cycle: Cycle,
  mask: Uint8Array,
  filter: (cycle: Cycle, node: NodeInfo) => Rejection | undefined,
): void {
  for (const row of cycle.snapshot.restrictedRows) {
    if (mask[row] === 1 && filter(cycle, cycle.snapshot.nodeAt(row)!)) mask[row] = 0
  }
}
