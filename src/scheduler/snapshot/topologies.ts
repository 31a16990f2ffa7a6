/**
 * The domains that a label key (zone, hostname) parts the nodes into, as a column of small numbers: counting per
 * domain is adding into an array. A key is followed from the first asking on.
 */
export interface Topologies {
  of(key: string): Topology
  /** The node's labels have changed; undefined: there is no node in this row. */
  setRow(row: number, labels: Readonly<Record<string, string>> | undefined): void
}

export interface Topology {
  /** The domain of each row, from 1; 0 where the node lacks the label. Rows past its end lack it too. */
  readonly domains: Int32Array
  /** One more than the highest domain number in use. */
  readonly size: number
}

/** `labelsOf` reads the labels of a row when a new key is asked for. */
export function createTopologies(
  rows: () => number,
  labelsOf: (row: number) => Readonly<Record<string, string>> | undefined,
): Topologies {
  const columns = new Map<string, Column>()
  return {
    of(key) {
      let column = columns.get(key)
      if (!column) {
        column = new Column(key)
        columns.set(key, column)
        for (let row = 0; row < rows(); row++) column.set(row, labelsOf(row)?.[key])
      }
      column.reserve(rows())
      return column
    },
    setRow(row, labels) {
      for (const column of columns.values()) column.set(row, labels?.[column.key])
    },
  }
}

interface Domain {
  readonly number: number
  readonly value: string
  nodes: number
}

class Column implements Topology {
  readonly key: string
  domains = new Int32Array(64)
  size = 1
  readonly #byValue = new Map<string, Domain>()
  readonly #byNumber: (Domain | undefined)[] = [undefined]
  readonly #free: number[] = []

  constructor(key: string) {
    this.key = key
  }

  set(row: number, value: string | undefined): void {
    this.reserve(row + 1)
    const old = this.#byNumber[this.domains[row]!]
    if (old?.value === value) return
    this.domains[row] = value === undefined ? 0 : this.#enter(value).number
    if (old && --old.nodes === 0) this.#close(old)
  }

  reserve(rows: number): void {
    if (rows <= this.domains.length) return
    const larger = new Int32Array(Math.max(rows, 2 * this.domains.length))
    larger.set(this.domains)
    this.domains = larger
  }

  #enter(value: string): Domain {
    let domain = this.#byValue.get(value)
    if (!domain) {
      domain = { number: this.#free.pop() ?? this.size++, value, nodes: 0 }
      this.#byValue.set(value, domain)
      this.#byNumber[domain.number] = domain
    }
    domain.nodes++
    return domain
  }

  #close({ number, value }: Domain): void {
    this.#byValue.delete(value)
    this.#byNumber[number] = undefined
    this.#free.push(number)
  }
}
