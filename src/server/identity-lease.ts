import { createHash } from 'node:crypto'
import type { Lease } from '../api/types/coordination-v1.gen.ts'
import { toMicroTimestamp } from '../client/timestamp.ts'
import type { Transport } from '../client/transport.ts'
import type { JsonObject, KubeList, KubeObject } from '../machinery/meta/object.ts'
import { isConflict, isNotFound } from '../machinery/status/errors.ts'
import type { Cancel, Ports } from '../std/ports.ts'

export interface IdentityLeaseOptions {
  /** With the server's own rights. */
  readonly transport: Transport
  readonly ports: Ports
  readonly hostname: string
  /** Told the lease's name as soon as it is there. */
  readonly held?: ((name: string) => void) | undefined
}

const durationSeconds = 3600
/** Upstream renews every 10 s; a lease of an hour needs no write that often, and an idle machine should not write. */
const renewMs = 300_000
const retryMs = 10_000
const collectMs = 3_600_000

const identity = 'kube-apiserver'
const at = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  namespace: 'kube-system',
} as const

/**
 * Says in a lease of kube-system that this API server is there, and removes those of servers that are gone (KEP-1965).
 * The answer takes the lease back: call it when the server leaves, before it serves no more.
 */
export function maintainIdentityLease(
  options: IdentityLeaseOptions,
  signal: AbortSignal,
): () => Promise<void> {
  const { transport, ports } = options
  const { clock, log } = ports
  const name = identityOf(options.hostname)
  const holder = `${name}_${ports.random.uuid()}`
  const cancels = new Map<string, Cancel>()
  const again = (what: string, delayMs: number, work: () => void) =>
    void (signal.aborted || cancels.set(what, clock.setTimer(delayMs, work)))
  let tellHeld = options.held
  const renew = () => {
    write(options, name, holder)
      .then(() => {
        tellHeld?.(name)
        tellHeld = undefined
        again('renew', renewMs, renew)
      })
      .catch(error => {
        if (!signal.aborted) log.warn('the identity lease was not renewed', { error: String(error) })
        again('renew', retryMs, renew)
      })
  }
  const collect = () => {
    removeExpired(options).catch(error => {
      if (!signal.aborted) log.warn('old identity leases were not removed', { error: String(error) })
    })
    again('collect', collectMs, collect)
  }
  renew()
  collect()
  const stop = () => {
    for (const cancel of cancels.values()) cancel()
  }
  signal.addEventListener('abort', stop)
  return async () => {
    stop()
    await takeBack(transport, name, holder).catch(error => {
      if (!isNotFound(error)) log.warn('the identity lease stays behind', { error: String(error) })
    })
  }
}

/** Another server on this host has the same name, as upstream's has: whoever wrote last holds the lease. */
async function takeBack(transport: Transport, name: string, holder: string): Promise<void> {
  const found = (await transport.call({ ...at, verb: 'get', name })) as unknown as Lease
  if (found.spec?.holderIdentity === holder) await transport.call({ ...at, verb: 'delete', name })
}

/** Upstream's name of an API server: a hash of the host's name and of what it is. */
export function identityOf(hostname: string): string {
  const prefixed = [hostname, identity].flatMap(text => {
    const bytes = Buffer.from(text)
    return [Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]
  })
  const hash = createHash('sha256').update(Buffer.concat(prefixed)).digest()
  return `apiserver-${base32(hash.subarray(0, 16))}`
}

const letters = 'abcdefghijklmnopqrstuvwxyz234567'

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map(group => letters[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
}

async function write(
  { transport, ports, hostname }: IdentityLeaseOptions,
  name: string,
  holderIdentity: string,
): Promise<void> {
  const renewTime = toMicroTimestamp(ports.clock.nowMs())
  const spec = { holderIdentity, leaseDurationSeconds: durationSeconds, renewTime }
  const labels = { 'apiserver.kubernetes.io/identity': identity, 'kubernetes.io/hostname': hostname }
  const found = await transport.call({ ...at, verb: 'get', name }).catch(unless(isNotFound))
  if (!found) {
    const body = { metadata: { name, labels }, spec } as JsonObject
    await transport.call({ ...at, verb: 'create', body })
    return
  }
  const metadata = { ...found.metadata, labels: { ...found.metadata.labels, ...labels } }
  const body = { ...found, metadata, spec } as KubeObject
  await transport.call({ ...at, verb: 'update', name, body }).catch(unless(isConflict))
}

async function removeExpired({ transport, ports }: IdentityLeaseOptions): Promise<void> {
  const options = { labelSelector: `apiserver.kubernetes.io/identity=${identity}` }
  const list = (await transport.call({ ...at, verb: 'list', options })) as unknown as KubeList<Lease>
  for (const { metadata, spec } of list.items) {
    const { renewTime, leaseDurationSeconds } = spec ?? {}
    const isKept =
      renewTime !== undefined &&
      leaseDurationSeconds !== undefined &&
      Date.parse(renewTime) + leaseDurationSeconds * 1000 >= ports.clock.nowMs()
    if (!isKept)
      await transport.call({ ...at, verb: 'delete', name: metadata.name! }).catch(unless(isNotFound))
  }
}

function unless(is: (error: unknown) => boolean): (error: unknown) => undefined {
  return error => {
    if (!is(error)) throw error
    return undefined
  }
}
