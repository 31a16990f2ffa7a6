import type { Lease } from '../api/types/coordination-v1.gen.ts'
import type { MetricSpec } from '../std/metrics.ts'
import type { Ports } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import type { Client } from './client.ts'
import { orUndefined } from './failure.ts'
import type { ResourceRef } from './resource.ts'
import { fromTimestamp, toMicroTimestamp } from './timestamp.ts'

export interface ElectionOptions {
  readonly client: Client
  readonly ports: Ports
  /** `kube-controller-manager`, in kube-system. */
  readonly name: string
  readonly namespace?: string
  /** Who holds the lease: unique per process. */
  readonly identity: string
  /** Others wait this long without a renewal before they take over. */
  readonly leaseDurationMs?: number
  /** A leader that cannot renew for this long stops. */
  readonly renewDeadlineMs?: number
  readonly retryPeriodMs?: number
}

const leases: ResourceRef<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
}

/** client-go's name (tools/leaderelection/metrics.go). */
const masterSpec: MetricSpec = {
  name: 'leader_election_master_status',
  help: '1 while this process holds the lease, 0 while another does.',
  labels: ['name'],
  stability: 'ALPHA',
}

/** component-base config: 15 s, 10 s and 2 s; kube-controller-manager's defaults. */
const defaults = {
  namespace: 'kube-system',
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
}
/** client-go tools/leaderelection JitterFactor. */
const jitter = 1.2

type Election = ElectionOptions & typeof defaults

/**
 * Runs `lead` while this process holds the lease (client-go tools/leaderelection). Its signal aborts when the lease
 * is lost; it is run again when the lease comes back. Resolves when `signal` aborts, with the lease given up.
 */
export async function runWithLeadership(
  options: ElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const elector = new Elector({ ...defaults, ...options })
  while (!signal.aborted) {
    await elector.acquire(signal)
    if (signal.aborted) break
    const master = options.ports.metrics.gauge(masterSpec).with(options.name)
    master.set(1)
    const lost = new AbortController()
    const leading = lead(AbortSignal.any([signal, lost.signal]))
    await Promise.race([elector.keep(signal), leading])
    lost.abort()
    master.set(0)
    await leading
    if (signal.aborted) await elector.release()
  }
}

/** Times of others are compared with our own clock from when we saw them change: clocks may differ. */
class Elector {
  readonly #election: Election
  #observed: Lease | undefined
  #observedMs = 0

  constructor(election: Election) {
    this.#election = election
  }

  async acquire(signal: AbortSignal): Promise<void> {
    const { ports, retryPeriodMs } = this.#election
    while (!signal.aborted && !(await this.#try())) {
      await sleep(ports.clock, retryPeriodMs * (1 + ports.random.next() * jitter), signal)
    }
  }

  /** Resolves when the lease is lost or `signal` aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    const { ports, retryPeriodMs, renewDeadlineMs } = this.#election
    let renewedMs = ports.clock.monotonicMs()
    while (!signal.aborted && ports.clock.monotonicMs() - renewedMs < renewDeadlineMs) {
      await sleep(ports.clock, retryPeriodMs, signal)
      const leftMs = renewedMs + renewDeadlineMs - ports.clock.monotonicMs()
      // A request that hangs must not make us lead for longer.
      const renewed = Promise.race([this.#try(), sleep(ports.clock, leftMs, signal).then(() => false)])
      if (!signal.aborted && (await renewed)) renewedMs = ports.clock.monotonicMs()
    }
  }

  /** Lets the next one in at once. */
  async release(): Promise<void> {
    const { client, ports } = this.#election
    const held = this.#observed
    if (!held || !this.#isOurs(held)) return
    const now = toMicroTimestamp(ports.clock.nowMs())
    const spec = {
      ...held.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: now,
      acquireTime: now,
    }
    try {
      await client.update(leases, { ...held, spec })
    } catch (error) {
      ports.log.warn('lease not released', { lease: this.#election.name, error: String(error) })
    }
  }

  async #try(): Promise<boolean> {
    const { client, ports, namespace, name } = this.#election
    try {
      const found = await orUndefined(client.get(leases, namespace, name))
      if (found && this.#isHeldByOther(found)) return false
      const wanted = this.#claimed(found)
      this.#observe(await (found ? client.update(leases, wanted) : client.create(leases, wanted)))
      return true
    } catch (error) {
      ports.log.debug('lease not written', { lease: name, error: String(error) })
      return false
    }
  }

  #isHeldByOther(lease: Lease): boolean {
    const { clock } = this.#election.ports
    if (lease.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion) this.#observe(lease)
    if (!lease.spec?.holderIdentity || this.#isOurs(lease)) return false
    return clock.monotonicMs() < this.#observedMs + (lease.spec.leaseDurationSeconds ?? 0) * 1000
  }

  #claimed(found: Lease | undefined): Lease {
    const { ports, namespace, name, identity, leaseDurationMs } = this.#election
    const now = toMicroTimestamp(ports.clock.nowMs())
    const ours = found !== undefined && this.#isOurs(found)
    const transitions = found?.spec?.leaseTransitions ?? 0
    return {
      ...found,
      metadata: found?.metadata ?? { name, namespace },
      spec: {
        ...found?.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        acquireTime:
          ours && fromTimestamp(found.spec?.acquireTime) !== undefined ? found.spec?.acquireTime : now,
        renewTime: now,
        leaseTransitions: ours || !found ? transitions : transitions + 1,
      },
    }
  }

  #isOurs({ spec }: Lease): boolean {
    return spec?.holderIdentity === this.#election.identity
  }

  #observe(lease: Lease): void {
    this.#observed = lease
    this.#observedMs = this.#election.ports.clock.monotonicMs()
  }
}
