type Labels = Readonly<Record<string, string>>

/**
 * The nodes in the order in which those that will do are looked for, one of each zone in turn (kube-scheduler's
 * node tree), and where the next search begins: where not all are judged, each has its chance.
 */
export interface Rotation {
  /** Rows of all nodes. */
  rows(): Int32Array
  /** Where in `rows()` the next search begins. */
  start(): number
  /** So many nodes were looked at. */
  advance(by: number): void
  /** The node's labels may have changed; undefined: there is no node in this row. */
  setRow(row: number, labels: Labels | undefined): void
}

/** Of no nodes yet. */
export function createRotation(): Rotation {
  const byZone = new Map<string, number[]>()
  const zones: (string | undefined)[] = []
  let order: Int32Array | undefined
  let start = 0
  const rows = () => {
    order ??= inTurn([...byZone.values()])
    return order
  }
  const leave = (row: number, zone: string) => {
    const left = byZone.get(zone)!.filter(other => other !== row)
    if (left.length > 0) byZone.set(zone, left)
    else byZone.delete(zone)
  }
  return {
    rows,
    start: () => start % Math.max(1, rows().length),
    advance(by) {
      start = (start + by) % Math.max(1, rows().length)
    },
    setRow(row, labels) {
      const zone = labels && zoneKey(labels)
      const old = zones[row]
      if (old === zone) return
      if (old !== undefined) leave(row, old)
      zones[row] = zone
      order = undefined
      if (zone === undefined) return
      const others = byZone.get(zone)
      if (others) others.push(row)
      else byZone.set(zone, [row])
    },
  }
}

/** Region and zone, by their older labels first (component-helpers GetZoneKey). */
function zoneKey(labels: Labels): string {
  const of = (part: 'region' | 'zone') =>
    labels[`failure-domain.beta.kubernetes.io/${part}`] ?? labels[`topology.kubernetes.io/${part}`] ?? ''
  return `${of('region')}\0${of('zone')}`
}

/** The first of each list, then the second of each, and so on. */
function inTurn(lists: readonly (readonly number[])[]): Int32Array {
  const all = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (let index = 0; at < all.length; index++)
    for (const list of lists) if (index < list.length) all[at++] = list[index]!
  return all
}
