import type { Node, Taint } from '../../api/types/core-v1.gen.ts'

/**
 * Cordoned and tainted nodes, those that are so in the same way together: a rule about taints is asked once for each
 * sort. When a whole zone falls silent its thousand nodes are one sort.
 */
export interface Restrictions {
  sorts(): Iterable<Restriction>
  /** The node's spec may have changed; undefined: there is no node in this row. */
  setRow(row: number, node: Node | undefined): void
}

/** What some nodes keep pods away with. */
export interface Restriction {
  readonly unschedulable: boolean
  readonly taints: readonly Taint[]
  /** Of the nodes of this sort; never none. */
  readonly rows: ReadonlySet<number>
}

interface Sort extends Restriction {
  readonly key: string
  readonly rows: Set<number>
}

export function createRestrictions(): Restrictions {
  const byKey = new Map<string, Sort>()
  const byRow: (Sort | undefined)[] = []
  const leave = (row: number, sort: Sort) => {
    sort.rows.delete(row)
    if (sort.rows.size === 0) byKey.delete(sort.key)
  }
  return {
    sorts: () => byKey.values(),
    setRow(row, node) {
      const { unschedulable = false, taints = [] } = node?.spec ?? {}
      const key = keyOf(unschedulable, taints)
      const old = byRow[row]
      if (old?.key === key) return
      if (old) leave(row, old)
      byRow[row] = undefined
      if (key === '') return
      const sort = byKey.get(key) ?? { key, unschedulable, taints, rows: new Set<number>() }
      byKey.set(key, sort)
      sort.rows.add(row)
      byRow[row] = sort
    },
  }
}

/** Nothing for a node that every pod may go to. Since when a taint is there does not matter here. */
function keyOf(unschedulable: boolean, taints: readonly Taint[]): string {
  if (!unschedulable && taints.length === 0) return ''
  return JSON.stringify([unschedulable, taints.map(({ key, value, effect }) => [key, value, effect])])
}
