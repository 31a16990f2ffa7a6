import type { Routes } from '../../server/http/routes.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { ServerSettings } from './settings.ts'

/** What a joining agent has to know of the cluster besides the API; no secret. */
export interface NodeSettings {
  /** One or two, of each family at most one; the first are IPv4. */
  readonly clusterCidrs: readonly string[]
  readonly serviceCidrs: readonly string[]
  readonly clusterDns: string
  readonly clusterDomain: string
  /** PEM: who signs the client certificates that the kubelet's API trusts. */
  readonly clientCa: string
}

export const clusterCaPath = '/cacerts'
export const nodeSettingsPath = '/hutch/v1/node-settings'

/** Routes for agents; RBAC says who may read which. */
export function mountJoining(routes: Routes, settings: ServerSettings, pki: Pki): void {
  const { clusterCidrs, serviceCidrs, clusterDns, clusterDomain } = settings
  const clientCa = pki.authorities['client-ca'].certificate
  const shared: NodeSettings = { clusterCidrs, serviceCidrs, clusterDns, clusterDomain, clientCa }
  routes.get(clusterCaPath, context => context.text(pki.authorities['server-ca'].certificate))
  routes.get(nodeSettingsPath, context => context.json(shared))
}
