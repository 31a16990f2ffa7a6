import { deepEqual } from '../../../machinery/meta/value.ts'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'
import type { Ports } from '../../../std/ports.ts'
import { firstVerdict, type TokenAuthenticator } from '../authenticator.ts'
import { jwtTokens } from './authenticator.ts'
import type { AuthenticationConfiguration, Issuer } from './configuration.ts'
import type { FetchDocument, IssuerNetwork } from './issuer-keys.ts'
import { jwtMeter } from './meter.ts'
import { validateAuthentication } from './validate.ts'

export interface OutsideAuthentication {
  readonly tokens: TokenAuthenticator
  allowsAnonymous(path: string): boolean
  /**
   * Takes a configuration from now on. Throws `Error` with every fault (`jwt[0].issuer.url: Required value`) and keeps
   * the one before.
   */
  configure(configuration: AuthenticationConfiguration, algorithms: readonly string[]): void
}

export interface OutsideSetup {
  /** The issuers of this server's own service account tokens. */
  readonly ownIssuers: readonly string[]
  /** What a token of an issuer is good for here, whatever audience it was made for. */
  readonly audiences: readonly string[]
  /** Of this API server: its metrics name it. */
  readonly serverId: string
  readonly ports: Pick<Ports, 'clock' | 'log' | 'metrics'>
  readonly fetchDocument: FetchDocument
  /** The same in networks that are reached through proxies; undefined where none is configured. */
  readonly fetchIn?: Partial<Record<IssuerNetwork, FetchDocument>> | undefined
  /** Asked after the issuers, whatever is configured. */
  readonly further?: readonly TokenAuthenticator[]
}

/** Authentication by structured configuration, which can change while the server runs (KEP-3331). */
export function createOutsideAuthentication(setup: OutsideSetup): OutsideAuthentication {
  const { clock, log } = setup.ports
  const meter = jwtMeter(setup.ports, setup.serverId)
  let issuers: ReadonlySet<string> = new Set()
  let authenticators: readonly TokenAuthenticator[] = []
  let anonymousPaths: ReadonlySet<string> | 'all' = 'all'
  let first: AuthenticationConfiguration | undefined
  return {
    async tokens(token, audiences) {
      const good = audiences.filter(audience => setup.audiences.includes(audience))
      const byIssuers: TokenAuthenticator = () => firstVerdict(authenticators, token, good)
      const issuers = good.length > 0 ? [byIssuers] : []
      return firstVerdict([...issuers, ...(setup.further ?? [])], token, audiences)
    },
    allowsAnonymous: path => anonymousPaths === 'all' || anonymousPaths.has(path),
    configure(configuration, algorithms) {
      const errors = createFieldErrors()
      validateAuthentication(configuration, setup.ownIssuers, errors)
      if (first && !deepEqual(first.anonymous, configuration.anonymous))
        errors.forbidden('anonymous', 'changed from initial configuration file')
      if (errors.list.length > 0)
        throw new Error(errors.list.map(({ field, message }) => `${field}: ${message}`).join(', '))
      authenticators = (configuration.jwt ?? []).map(authenticator => {
        const fetchDocument = fetchFor(authenticator.issuer, setup)
        return jwtTokens({ authenticator, algorithms, clock, log, fetchDocument, meter })
      })
      const next = new Set((configuration.jwt ?? []).map(({ issuer }) => issuer?.url ?? ''))
      for (const url of issuers) if (!next.has(url)) meter.forgetKeys(url)
      issuers = next
      anonymousPaths = pathsOf(configuration.anonymous)
      first ??= configuration
    },
  }
}

/** Who names a network means one that is configured (oidc.go egressLookupForType). */
function fetchFor(issuer: Issuer | undefined, { fetchDocument, fetchIn }: OutsideSetup): FetchDocument {
  const type = issuer?.egressSelectorType
  if (!type) return fetchDocument
  if (!fetchIn)
    throw new Error(`oidc: egress lookup required with egress selector type ${JSON.stringify(type)}`)
  const found = fetchIn[type as IssuerNetwork]
  if (!found) throw new Error(`oidc: egress lookup for ${JSON.stringify(type)} is not configured`)
  return found
}

function pathsOf(anonymous: AuthenticationConfiguration['anonymous']): ReadonlySet<string> | 'all' {
  if (!anonymous) return 'all'
  const paths = (anonymous.conditions ?? []).map(({ path = '' }) => path)
  return anonymous.enabled && paths.length === 0 ? 'all' : new Set(anonymous.enabled ? paths : [])
}
