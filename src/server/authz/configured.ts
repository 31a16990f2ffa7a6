import { parseDuration } from '../../machinery/codec/duration.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { Metrics } from '../../std/metrics.ts'
import type { Clock, Logger } from '../../std/ports.ts'
import type { Authorizer, UserInfo } from '../context.ts'
import type { PostReview } from '../remote-review/ask-again.ts'
import { webhookAuthorizer } from '../remote-review/authorizer.ts'
import { compileCondition } from '../remote-review/match-condition.ts'
import type { Abac } from './abac.ts'
import {
  type AuthorizationConfiguration,
  validateAuthorization,
  type WebhookConfiguration,
} from './configuration.ts'
import { counted } from './counted.ts'
import type { ListedRules } from './rule.ts'

/** The order in which authorizers are asked; Node and RBAC are the server's own. */
export type AuthorizerList = readonly ('Node' | 'RBAC' | FurtherAuthorizer)[]

export interface FurtherAuthorizer {
  readonly authorize: Authorizer
  /** Absent: what it allows cannot be listed. */
  readonly rulesFor?: (user: UserInfo, namespace: string) => ListedRules
}

export const defaultAuthorizers: AuthorizerList = ['Node', 'RBAC']

export interface AuthorizationOrder {
  readonly list: () => AuthorizerList
  /** Takes a configuration from now on. Throws `Error` with every fault and keeps the one before. */
  configure(configuration: AuthorizationConfiguration): void
}

export interface ConfiguredSetup {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** The service that a kubeconfig file names. Throws `Error` when it cannot be read. */
  readonly connect: (kubeConfigFile: string) => PostReview
  /** What the type ABAC asks; absent: there is none. */
  readonly abac?: Abac | undefined
}

const defaults = { timeout: '3s', authorizedTTL: '5m', unauthorizedTTL: '30s' } as const
const timeoutMaxMs = 30_000

/** Authorization by structured configuration, which can change while the server runs (KEP-3221). */
export function createAuthorizationOrder(setup: ConfiguredSetup): AuthorizationOrder {
  let list = defaultAuthorizers
  return {
    list: () => list,
    configure(configuration) {
      const errors = createFieldErrors()
      validateAuthorization(configuration, errors)
      if (errors.list.length > 0)
        throw new Error(errors.list.map(({ field, message }) => `${field}: ${message}`).join(', '))
      list = (configuration.authorizers ?? []).map(({ type, name = '', webhook }) => {
        if (type === 'Webhook' && webhook) return { authorize: webhookOf(setup, name, webhook) }
        if (type === 'ABAC') return abacOf(setup, name)
        if (type === 'AlwaysDeny') return denier(setup, name)
        return type === 'Node' ? 'Node' : 'RBAC'
      })
    },
  }
}

function abacOf({ abac, metrics }: ConfiguredSetup, name: string): FurtherAuthorizer {
  if (!abac) throw new Error("authorizers: ABAC's authorization policy file not passed")
  return { authorize: counted(abac.authorize, metrics, 'ABAC', name), rulesFor: abac.rulesFor }
}

/** Denies nothing that others allow, and says so to those that nobody allows anything (authorizerfactory). */
function denier({ metrics }: ConfiguredSetup, name: string): FurtherAuthorizer {
  const deny: Authorizer = () => ({ decision: 'noOpinion', reason: 'Everything is forbidden.' })
  return {
    authorize: counted(deny, metrics, 'AlwaysDeny', name),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [] }),
  }
}

function webhookOf(setup: ConfiguredSetup, name: string, webhook: WebhookConfiguration): Authorizer {
  const { cacheAuthorizedRequests = true, cacheUnauthorizedRequests = true, matchConditions = [] } = webhook
  const errors = createFieldErrors()
  const timeoutMs = msOf(webhook.timeout ?? defaults.timeout)
  if (timeoutMs <= 0 || timeoutMs > timeoutMaxMs)
    throw new Error(`authorizers: ${name}: timeout: Invalid value: must be > 0s and <= 30s`)
  const authorize = webhookAuthorizer({
    ...{ name, timeoutMs, clock: setup.clock, log: setup.log, metrics: setup.metrics },
    post: setup.connect(webhook.connectionInfo?.kubeConfigFile ?? ''),
    version: webhook.subjectAccessReviewVersion === 'v1beta1' ? 'v1beta1' : 'v1',
    authorizedTtlMs: cacheAuthorizedRequests ? msOf(webhook.authorizedTTL ?? defaults.authorizedTTL) : 0,
    unauthorizedTtlMs: cacheUnauthorizedRequests
      ? msOf(webhook.unauthorizedTTL ?? defaults.unauthorizedTTL)
      : 0,
    failurePolicy: webhook.failurePolicy === 'Deny' ? 'Deny' : 'NoOpinion',
    matchConditions: matchConditions.flatMap(({ expression = '' }) => {
      return compileCondition(expression, '', errors) ?? []
    }),
  })
  return counted(authorize, setup.metrics, 'Webhook', name)
}

function msOf(duration: string): number {
  return Number(parseDuration(duration) / 1_000_000n)
}
