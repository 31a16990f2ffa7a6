import type { Egress } from '../../server/egress/dial.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { ApiServerOptions } from '../../server/server.ts'
import type { Ports } from '../../std/ports.ts'
import { readDescriptions } from './descriptions.ts'
import { openKubeletAccess } from './kubelet-access.ts'
import type { ServerSettings } from './settings.ts'

/** How the server reaches others, and what it says of itself. */
export async function openWaysOut(
  settings: ServerSettings,
  pki: () => Pki,
  { ports, egress = {} }: { readonly ports: Ports; readonly egress: Egress | undefined },
  signal: AbortSignal,
): Promise<Pick<ApiServerOptions, 'kubelet' | 'egress' | 'readDescriptions'>> {
  const kubelet = await openKubeletAccess(settings.kubelets, pki, { ports, dial: egress.cluster }, signal)
  return { kubelet, egress, readDescriptions }
}
