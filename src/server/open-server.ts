import { leaveTrace, tokenReviewStatus } from './authn/authenticator.ts'
import { componentUsers, programOf } from './authn/identity.ts'
import { mountKeyDocuments } from './authn/routes.ts'
import { type CacheSources, createCacheSources } from './cache-sources.ts'
import type { Routes } from './http/routes.ts'
import { createSecurity, type Security, type SecuritySetup } from './security.ts'
import { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts'

/** What the gates take from the server around them. */
type Given = 'sources' | 'ownTransport' | 'tracing' | 'egress' | 'clock' | 'random' | 'metrics'
/** What the server takes from its gates. */
type Gated = 'authenticator' | 'authorizer' | 'admission' | 'reviews' | 'requestToken'

export interface ServerSetup extends Omit<ApiServerOptions, Gated | 'mount'> {
  readonly gates: Omit<SecuritySetup, Given>
  /** More routes for paths that are no resources, over what is in the cache. */
  readonly mount?: (routes: Routes, sources: CacheSources) => void
}

export interface OpenServer {
  readonly server: ApiServer
  readonly security: Security
  /** What is in the cache, for what else needs it; until `signal` aborts. */
  readonly sources: CacheSources
}

/** An API server behind its gates: who calls, what they may do and what may be written is asked of its own objects. */
export async function openServer(
  { gates, mount, ...options }: ServerSetup,
  signal: AbortSignal,
): Promise<OpenServer> {
  const { ports, tracing, egress = {} } = options
  const sources = createCacheSources()
  const self = componentUsers.server
  const ownTransport = () => server.inProcess(self, programOf(self))
  const security = createSecurity({ ...ports, sources, tracing, egress, ownTransport, ...gates })
  const { authentication } = security
  const server: ApiServer = await createApiServer({
    ...options,
    authenticator: authentication.authenticate,
    authorizer: security.authorize,
    admission: security.admission,
    reviews: reviewsBy(security),
    requestToken: authentication.tokens.request,
    mount(routes) {
      mountKeyDocuments(routes, authentication)
      mount?.(routes, sources)
    },
  })
  sources.bind(server.cache, signal)
  return { server, security, sources }
}

function reviewsBy({ authentication, subjectRules }: Security): NonNullable<ApiServerOptions['reviews']> {
  return {
    subjectRules,
    async tokenStatus(token, audiences, context) {
      const verdict = await authentication.reviewToken(token, audiences)
      leaveTrace(context, verdict)
      return tokenReviewStatus(verdict)
    },
  }
}
