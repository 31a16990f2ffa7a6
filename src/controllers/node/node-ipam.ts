import ipaddr from 'ipaddr.js'
import type { Node } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { referenceTo } from '../../client/events.ts'
import { orUndefined } from '../../client/failure.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { nodes } from '../kinds.ts'

/** kube-controller-manager --node-cidr-mask-size-ipv4 and -ipv6. */
const nodeMask = { ipv4: 24, ipv6: 64 } as const

/** Gives each node a range of pod addresses from each range of the cluster (upstream pkg/controller/nodeipam). */
export function nodeIpamController(clusterCidrs: readonly string[]): Worker {
  return {
    name: 'nodeipam',
    identity: 'node-controller',
    eventSource: 'cidrAllocator',
    // One at a time: two must not choose the same.
    concurrency: 1,
    start(context) {
      const { store } = context.use(nodes)
      context.watch(nodes, (node, old) => {
        // A range that came back may be what another node waits for.
        if (!node)
          return store
            .list()
            .filter(needsRange)
            .map(({ metadata }) => metadata.name)
        return [needsRange(node) ? node.metadata.name : undefined, old ? undefined : node.metadata.name]
      })
      const given = new Map<string, readonly string[]>()
      return async name => {
        const node = store.get(undefined, name)
        if (!node) given.delete(name)
        else if (needsRange(node)) await assign(context, { node, all: store.list(), given, clusterCidrs })
        return {}
      }
    },
  }
}

interface Assignment {
  readonly node: Node
  readonly all: readonly Node[]
  /** What we gave lately and the view may not show yet. */
  readonly given: Map<string, readonly string[]>
  readonly clusterCidrs: readonly string[]
}

async function assign(
  { client, events }: WorkerContext,
  { node, all, given, clusterCidrs }: Assignment,
): Promise<void> {
  const name = node.metadata.name!
  const present = new Set(all.map(({ metadata }) => metadata.name!))
  for (const gone of given.keys()) if (!present.has(gone)) given.delete(gone)
  const taken = [
    ...all.flatMap(({ spec }) => spec?.podCIDRs ?? spec?.podCIDR ?? []),
    ...[...given.values()].flat(),
  ]
  const podCIDRs =
    given.get(name) ?? clusterCidrs.map(cidr => freeRange(cidr, taken)).filter(range => range !== undefined)
  if (podCIDRs.length < clusterCidrs.length) {
    const message = `Node ${name} status is now: CIDRNotAvailable`
    events.record(referenceTo(nodes, node), { type: 'Normal', reason: 'CIDRNotAvailable', message })
    return
  }
  given.set(name, podCIDRs)
  await orUndefined(
    client.patch(nodes, undefined, name, {
      type: mergePatch,
      body: { spec: { podCIDR: podCIDRs[0], podCIDRs } },
    }),
  )
}

function needsRange({ spec }: Node): boolean {
  return !spec?.podCIDR
}

/** The first part of `clusterCidr`, as large as a node needs, that overlaps none of `taken`; undefined when full. */
export function freeRange(clusterCidr: string, taken: readonly string[]): string | undefined {
  const [address, mask] = ipaddr.parseCIDR(clusterCidr)
  const size = Math.max(nodeMask[address.kind()], mask)
  const bits = address.kind() === 'ipv4' ? 32 : 128
  const start = toNumber(address.toByteArray()) & ~((1n << BigInt(bits - mask)) - 1n)
  const step = 1n << BigInt(bits - size)
  const used = taken.map(rangeOf).filter(range => range.kind === address.kind())
  const end = start + (1n << BigInt(bits - mask))
  let candidate = start
  for (const { first, last } of used.sort(byFirst)) {
    if (first >= candidate + step) break
    if (last >= candidate) candidate = start + ((last - start) / step + 1n) * step
  }
  return candidate < end ? `${toAddress(candidate, bits)}/${size}` : undefined
}

interface Range {
  readonly kind: string
  readonly first: bigint
  readonly last: bigint
}

function byFirst(a: Range, b: Range): number {
  if (a.first === b.first) return 0
  return a.first < b.first ? -1 : 1
}

const parsed = new Map<string, Range>()
const parsedMax = 20_000

/** Each node's range is looked at again for every other node, and reading one is slow: they are kept. */
function rangeOf(cidr: string): Range {
  const known = parsed.get(cidr)
  if (known) return known
  if (parsed.size >= parsedMax) parsed.clear()
  const range = parseRange(cidr)
  parsed.set(cidr, range)
  return range
}

function parseRange(cidr: string): Range {
  const [address, mask] = ipaddr.parseCIDR(cidr)
  const bits = address.kind() === 'ipv4' ? 32 : 128
  const first = toNumber(address.toByteArray())
  return { kind: address.kind(), first, last: first + (1n << BigInt(bits - mask)) - 1n }
}

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)
}

function toAddress(number: bigint, bits: number): string {
  const bytes = Array.from({ length: bits / 8 }, (_, index) =>
    Number((number >> BigInt(bits - 8 - index * 8)) & 255n),
  )
  return ipaddr.fromByteArray(bytes).toString()
}
