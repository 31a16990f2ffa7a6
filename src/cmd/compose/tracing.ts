import type { Dial } from '../../server/egress/dial.ts'
import { openRelay, type Relay } from '../../server/egress/relay.ts'
import {
  collectorUrl,
  defaultEndpoint,
  readTracingConfiguration,
} from '../../server/tracing/configuration.ts'
import type { Tracing } from '../../server/tracing/tracing.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'
import type { ServerSettings } from './settings.ts'

const flag = 'tracing-config-file'
const httpPort = 80

/** Traces as `--tracing-config-file` says, sent over `dial`; without the flag OpenTelemetry is not even loaded. */
export async function openTraces(
  { tracingConfig, nodeName }: ServerSettings,
  { log }: Pick<Ports, 'log'>,
  dial: Dial | undefined,
): Promise<Tracing | undefined> {
  if (tracingConfig === undefined) return undefined
  const text = readConfigured(tracingConfig, flag)
  try {
    const configuration = readTracingConfiguration(text)
    const relay = dial && (await relayTo(configuration.endpoint ?? defaultEndpoint, dial))
    const { openTracing } = await import('../../server/tracing/open-tracing.ts')
    const to = { ...configuration, ...(relay && { endpoint: relay.address }) }
    const tracing = await openTracing(to, { service: 'apiserver', instance: nodeName, log })
    return relay ? closing(tracing, relay) : tracing
  } catch (error) {
    throw new UserError(`--${flag}: ${tracingConfig}: ${(error as Error).message}`)
  }
}

/** A socket of this machine is in no other network. */
async function relayTo(endpoint: string, dial: Dial): Promise<Relay | undefined> {
  const { protocol, hostname, port } = new URL(collectorUrl(endpoint))
  if (protocol === 'unix:') return undefined
  return openRelay(dial, { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || httpPort })
}

function closing(tracing: Tracing, relay: Relay): Tracing {
  return {
    ...tracing,
    async close() {
      await tracing.close()
      relay.close()
    },
  }
}
