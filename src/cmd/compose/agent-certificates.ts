import { nodes } from '../../api/core/node.ts'
import { createClient } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import type { Transport } from '../../client/transport.ts'
import type { ServingTls } from '../../kubelet/linux-host.ts'
import { requestNodeCertificate } from '../../server/bootstrap/node-certificate.ts'
import { canonicalName, certificateFacts, type KeyPair } from '../../server/pki/certificate.ts'
import { leafLifeMs } from '../../server/pki/issue.ts'
import type { Ports, Runnable } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'
import { createRenewalMeter } from './agent-certificate-metrics.ts'
import { keepClientPair, keepPair, keptPair } from './agent-join.ts'
import { patiently } from './agent-patience.ts'
import type { AgentSettings } from './agent-settings.ts'

/** The two certificates of an agent's kubelet while it runs. */
export interface AgentCertificates {
  /** Shown to the server; read anew at each request. */
  client(): KeyPair
  readonly serving: ServingTls
  /** Renews both when less than a third of their life is left. */
  readonly renewal: Runnable
}

interface Setup {
  readonly settings: AgentSettings
  readonly ports: Ports
  readonly first: KeyPair
  readonly clientCa: string
  /** As the node, with whatever `client` answers. */
  readonly transport: () => Transport
}

type Adopt = Parameters<ServingTls['onRenewed']>[0]

const servingFile = 'serving-kubelet'
const registrationPollMs = 500
const retryMs = 60_000
const dayMs = 86_400_000

export function agentCertificates({ settings, ports, first, clientCa, transport }: Setup): AgentCertificates {
  let client = first
  const meter = createRenewalMeter(ports, () => certificateFacts(client.certificate).notAfterMs)
  let serving = keptServing(settings, ports.clock.nowMs())
  const adopters: Adopt[] = []
  const tlsOf = ({ certificate, key }: KeyPair) => ({ cert: certificate, key, clientCa })

  const requestServing = async (signal: AbortSignal) => {
    const wanted = { purpose: 'serving', nodeName: settings.nodeName, names: servingNames(settings) } as const
    serving = await requestNodeCertificate(transport(), wanted, signal)
    keepPair(settings, servingFile, serving)
    return serving
  }
  const requestClient = async (signal: AbortSignal) => {
    client = await requestNodeCertificate(
      transport(),
      { purpose: 'client', nodeName: settings.nodeName },
      signal,
    )
    keepClientPair(settings, client)
    ports.log.info('client certificate renewed')
  }
  const renew = async (signal: AbortSignal) => {
    const nowMs = ports.clock.nowMs()
    if (renewAtMs(client) <= nowMs) await meter.client(() => requestClient(signal))
    if (!serving || renewAtMs(serving) > nowMs) return
    const renewed = await meter.server(() => requestServing(signal))
    for (const adopt of adopters) adopt(tlsOf(renewed))
    ports.log.info('serving certificate renewed')
  }
  return {
    client: () => client,
    serving: {
      async first(signal) {
        if (serving) return tlsOf(serving)
        await registration(transport(), settings, ports, signal)
        const signed = await patiently(
          'no serving certificate yet',
          () => requestServing(signal),
          ports,
          signal,
        )
        return tlsOf(signed ?? client)
      },
      onRenewed: adopt => void adopters.push(adopt),
    },
    async renewal(_, signal) {
      while (!signal.aborted) {
        const dueMs = Math.min(renewAtMs(client), serving ? renewAtMs(serving) : Number.POSITIVE_INFINITY)
        // The wall clock may jump: look at it once a day at least.
        const pauseMs = Math.min(dayMs, dueMs - ports.clock.nowMs())
        if (pauseMs > 0) await sleep(ports.clock, pauseMs, signal)
        if (signal.aborted) return
        try {
          await renew(signal)
        } catch (error) {
          ports.log.error('certificates were not renewed, trying again', { error: String(error) })
          await sleep(ports.clock, retryMs, signal)
        }
      }
    },
  }
}

/** The server signs a serving certificate for names that the node has: it must have said them before. */
async function registration(
  transport: Transport,
  { nodeName, nodeIp }: AgentSettings,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const client = createClient(transport)
  while (!signal.aborted) {
    const ask = () => orUndefined(client.get(nodes, undefined, nodeName))
    const node = await patiently('the server does not answer', ask, ports, signal)
    if (node?.status?.addresses?.some(({ address }) => address === nodeIp)) return
    await sleep(ports.clock, registrationPollMs, signal)
  }
}

function servingNames({ nodeName, nodeIp }: AgentSettings): string[] {
  return [nodeName, 'localhost', '127.0.0.1', nodeIp]
}

function keptServing(settings: AgentSettings, nowMs: number): KeyPair | undefined {
  const kept = keptPair(settings, servingFile, nowMs)
  if (!kept) return undefined
  const { names } = certificateFacts(kept.certificate)
  return servingNames(settings).every(name => names.includes(canonicalName(name))) ? kept : undefined
}

function renewAtMs({ certificate }: KeyPair): number {
  return certificateFacts(certificate).notAfterMs - leafLifeMs / 3
}
