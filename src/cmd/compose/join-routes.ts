import type { AuthenticationServices } from '../../server/authn/authn.ts'
import { mountPage, type Routes, requireRoute } from '../../server/http/routes.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { Security } from '../../server/security.ts'
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

/** Routes for agents and for those who verify service account tokens; RBAC says who may read which. */
export function mountJoining(
  routes: Routes,
  settings: ServerSettings,
  pki: Pki,
  { authentication }: Security,
): void {
  const { clusterCidrs, serviceCidrs, clusterDns, clusterDomain } = settings
  const clientCa = pki.authorities['client-ca'].certificate
  const shared: NodeSettings = { clusterCidrs, serviceCidrs, clusterDns, clusterDomain, clientCa }
  routes.get(clusterCaPath, context => context.text(pki.authorities['server-ca'].certificate))
  routes.get(nodeSettingsPath, context => context.json(shared))
  mountKeyDocuments(routes, authentication)
}

/** apiserver pkg/routes openidmetadata.go. */
function mountKeyDocuments(routes: Routes, authentication: AuthenticationServices): void {
  const { documents } = authentication
  if (!documents) return
  const pages = [
    ['/openid/v1/jwks', 'application/jwk-set+json', () => documents().keySet],
    ['/.well-known/openid-configuration', 'application/json', () => documents().configuration],
  ] as const
  for (const [path, type, text] of pages)
    mountPage(routes, path, context => {
      requireRoute(context, [type])
      const cached = `public, max-age=${authentication.documentSeconds()}`
      return context.body(text(), 200, { 'content-type': type, 'cache-control': cached })
    })
}
