import ipaddr from 'ipaddr.js'
import type { RangeMeter } from './range-metrics.ts'

/** kube-controller-manager --node-cidr-mask-size-ipv4 and -ipv6. */
const nodeMask = { ipv4: 24, ipv6: 64 } as const

/**
 * The parts of one range of the cluster, as large as a node needs, and which nodes hold them. A node may hold ranges
 * that are no such part (somebody else chose them): all parts that they touch are held then.
 */
export class RangePool {
  readonly #kind: 'ipv4' | 'ipv6'
  readonly #start: bigint
  readonly #step: bigint
  readonly #size: number
  readonly #parts: number
  readonly #holders = new Map<number, number>()
  readonly #held = new Map<
    string,
    { readonly ranges: readonly string[]; readonly parts: readonly number[] }
  >()
  readonly #meter: RangeMeter | undefined
  /** Every part before this one is held. */
  #first = 0

  constructor(clusterCidr: string, meter?: RangeMeter) {
    this.#meter = meter
    const [address, mask] = ipaddr.parseCIDR(clusterCidr)
    this.#kind = address.kind()
    this.#size = Math.max(nodeMask[this.#kind], mask)
    this.#step = 1n << BigInt(bitsOf(this.#kind) - this.#size)
    this.#start = rangeOf(clusterCidr).first
    this.#parts = 2 ** (this.#size - mask)
    this.#tell()
  }

  get free(): number {
    return this.#parts - this.#holders.size
  }

  /** Notes what the node holds. */
  hold(node: string, ranges: readonly string[]): void {
    if (this.#held.get(node)?.ranges.join() === ranges.join()) return
    this.release(node)
    const parts = ranges.flatMap(range => this.#touched(range))
    for (const part of parts) this.#take(part)
    this.#held.set(node, { ranges, parts })
    this.#tell()
  }

  /** The node is gone, and what it held is free. */
  release(node: string): void {
    for (const part of this.#held.get(node)?.parts ?? []) this.#free(part)
    this.#held.delete(node)
    this.#tell()
  }

  /** The first part that nobody holds, held by the node from now on; what it holds already; undefined when full. */
  take(node: string): string | undefined {
    const known = this.#held.get(node)
    if (known) return known.ranges[0]
    const firstBefore = this.#first
    while (this.#holders.has(this.#first)) this.#first++
    if (this.#first >= this.#parts) return undefined
    this.#meter?.found(this.#first - firstBefore)
    const range = `${toAddress(this.#start + BigInt(this.#first) * this.#step, bitsOf(this.#kind))}/${this.#size}`
    this.hold(node, [range])
    return range
  }

  #tell(): void {
    this.#meter?.holds(this.#holders.size, this.#parts)
  }

  #take(part: number): void {
    const others = this.#holders.get(part) ?? 0
    if (others === 0) this.#meter?.taken()
    this.#holders.set(part, others + 1)
  }

  #free(part: number): void {
    const others = this.#holders.get(part)! - 1
    if (others > 0) this.#holders.set(part, others)
    else {
      this.#holders.delete(part)
      this.#meter?.released()
      this.#first = Math.min(this.#first, part)
    }
  }

  #touched(range: string): number[] {
    const { kind, first, last } = rangeOf(range)
    if (kind !== this.#kind || last < this.#start) return []
    const from = first <= this.#start ? 0 : Number((first - this.#start) / this.#step)
    const to = Math.min(this.#parts - 1, Number((last - this.#start) / this.#step))
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
  }
}

function bitsOf(kind: 'ipv4' | 'ipv6'): number {
  return kind === 'ipv4' ? 32 : 128
}

function rangeOf(cidr: string): { readonly kind: string; readonly first: bigint; readonly last: bigint } {
  const [address, mask] = ipaddr.parseCIDR(cidr)
  const span = 1n << BigInt(bitsOf(address.kind()) - mask)
  const number = address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const first = number - (number % span)
  return { kind: address.kind(), first, last: first + span - 1n }
}

function toAddress(number: bigint, bits: number): string {
  const bytes = Array.from({ length: bits / 8 }, (_, index) =>
    Number((number >> BigInt(bits - 8 - index * 8)) & 255n),
  )
  return ipaddr.fromByteArray(bytes).toString()
}
