import type { FrontProxy } from '../../server/aggregation/front-proxy.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { Ports } from '../../std/ports.ts'
import { openClientAuthorities } from './client-authorities.ts'
import { openFrontProxy } from './front-proxy.ts'
import type { ServerSettings } from './settings.ts'

/** Whom this server believes, and what it shows of itself, as it is now: files and certificates change while it runs. */
export interface Trust {
  /** As this server keeps its keys. */
  own(): Pki
  /** With the authorities that flags name. */
  trusted(): Pki
  frontProxy(): FrontProxy
  onChange(adopt: (pki: Pki) => void): void
  /** Takes renewed keys. */
  renew(pki: Pki): void
}

export async function openTrust(
  settings: ServerSettings,
  pki: Pki,
  ports: Ports,
  signal: AbortSignal,
): Promise<Trust> {
  let current = pki
  const adopters: ((pki: Pki) => void)[] = []
  const changed = () => {
    for (const adopt of adopters) adopt(current)
  }
  const files = { clients: settings.clientCaFile, proxies: settings.frontProxy.caFile }
  const extend = await openClientAuthorities(files, ports, signal, changed)
  const keys = { own: () => current, trusted: () => extend(current), changed }
  return {
    ...keys,
    frontProxy: await openFrontProxy(settings.frontProxy, keys, ports, signal),
    onChange: adopt => void adopters.push(adopt),
    renew(renewed) {
      current = renewed
      changed()
    },
  }
}
