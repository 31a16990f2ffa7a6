import { jsonKind } from '../../../machinery/meta/json.ts'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'
import type { UserInfo } from '../../context.ts'
import { credentialIdKey } from '../extra.ts'
import type { ClaimOrExpression, JwtAuthenticator, PrefixedClaimOrExpression } from './configuration.ts'
import { compileExpression, type Expression } from './expressions.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Why a token whose signature is good names no user; the text is upstream's. */
export class ClaimError extends Error {
  override name = 'ClaimError'
}

/** Turns verified claims into a user, or throws `ClaimError` (apiserver plugin/pkg/authenticator/token/oidc). */
export type ClaimMapper = (claims: Claims) => UserInfo

/** Compiles the mappings and rules of an authenticator that `validateAuthentication` found nothing wrong with. */
export function createClaimMapper(authenticator: JwtAuthenticator): ClaimMapper {
  const { claimMappings = {}, claimValidationRules = [], userValidationRules = [] } = authenticator
  const username = compiled(claimMappings.username?.expression)
  const groups = compiled(claimMappings.groups?.expression)
  const uid = compiled(claimMappings.uid?.expression)
  const extra = (claimMappings.extra ?? []).map(({ key = '', valueExpression }) => ({
    key,
    expression: compiled(valueExpression)!,
  }))
  const claimRules = rulesOf(claimValidationRules, 'claims')
  const userRules = rulesOf(userValidationRules, 'user')
  return claims => {
    // In upstream's order: what fails first is told.
    const name = usernameOf(claims, claimMappings.username, username)
    const memberOf = groupsOf(claims, claimMappings.groups, groups)
    const id = uidOf(claims, claimMappings.uid, uid)
    const more = extraOf(claims, extra)
    const user: UserInfo = {
      username: name,
      ...(id && { uid: id }),
      groups: memberOf,
      ...(Object.keys(more).length > 0 && { extra: more }),
    }
    for (const { claim, requiredValue = '' } of claimValidationRules)
      if (claim) requireClaim(claims, claim, requiredValue)
    checkRules(claimRules, claims, 'claim validation expression')
    checkRules(userRules, { uid: '', extra: {}, ...user }, 'user info validation rule')
    return user
  }
}

function compiled(text: string | undefined, variable: 'claims' | 'user' = 'claims'): Expression | undefined {
  return text ? compileExpression(variable, text, '', createFieldErrors()) : undefined
}

function usernameOf(
  claims: Claims,
  { claim = '', prefix = '' }: PrefixedClaimOrExpression = {},
  expression: Expression | undefined,
): string {
  if (expression) {
    const name = evaluated(expression, claims, 'username claim expression')
    if (typeof name !== 'string')
      throw new ClaimError(
        'oidc: error evaluating username claim expression: username claim expression must return a string',
      )
    if (!name) throw new ClaimError('oidc: empty username via CEL expression is not allowed')
    return name
  }
  const name = claims[claim]
  if (typeof name !== 'string')
    throw new ClaimError(`oidc: parse username claims "${claim}": ${unlike(name, 'string')}`)
  if (claim === 'email') requireVerified(claims.email_verified)
  return prefix + name
}

/** Who says nothing of it is believed. */
function requireVerified(verified: unknown): void {
  if (verified === undefined || verified === true) return
  if (verified === false || verified === null) throw new ClaimError('oidc: email not verified')
  throw new ClaimError(`oidc: parse 'email_verified' claim: ${unlike(verified, 'bool')}`)
}

function groupsOf(
  claims: Claims,
  { claim = '', prefix = '' }: PrefixedClaimOrExpression = {},
  expression: Expression | undefined,
): string[] {
  if (expression)
    return strings(evaluated(expression, claims, 'group claim expression'), 'group claim expression')
  const value = claim ? claims[claim] : undefined
  if (value === undefined || value === null) return []
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  return list.map(group => {
    if (typeof group === 'string' || group === null) return prefix + (group ?? '')
    // Upstream tries a list and then a text, and tells of the latter.
    throw new ClaimError(`oidc: parse groups claim "${claim}": ${unlike(value, 'string')}`)
  })
}

function uidOf(
  claims: Claims,
  { claim = '' }: ClaimOrExpression = {},
  expression: Expression | undefined,
): string {
  if (claim) {
    const uid = claims[claim]
    if (typeof uid === 'string') return uid
    throw new ClaimError(`oidc: parse uid claim "${claim}": ${unlike(uid, 'string')}`)
  }
  if (!expression) return ''
  const uid = evaluated(expression, claims, 'uid claim expression')
  if (typeof uid === 'string') return uid
  throw new ClaimError(
    'oidc: error evaluating uid claim expression: uid claim expression must return a string',
  )
}

function extraOf(
  claims: Claims,
  mappings: readonly { readonly key: string; readonly expression: Expression }[],
): Record<string, string[]> {
  const extra: Record<string, string[]> = {}
  if (typeof claims.jti === 'string' && claims.jti) extra[credentialIdKey] = [`JTI=${claims.jti}`]
  for (const { key, expression } of mappings) {
    const what = 'extra claim expression'
    const values = strings(evaluated(expression, claims), `${what}: ${expression.text}`)
    if (values.length > 0) extra[key] = values
  }
  return extra
}

function requireClaim(claims: Claims, claim: string, wanted: string): void {
  const value = claims[claim]
  if (value === undefined) throw new ClaimError(`oidc: required claim ${claim} not present in ID token`)
  if (typeof value !== 'string')
    throw new ClaimError(`oidc: parse claim ${claim}: ${unlike(value, 'string')}`)
  if (value !== wanted)
    throw new ClaimError(
      `oidc: required claim ${claim} value does not match. Got = ${value}, want = ${wanted}`,
    )
}

interface Rule {
  readonly expression: Expression
  readonly message: string
}

function rulesOf(
  rules: readonly { readonly expression?: string; readonly message?: string }[],
  variable: 'claims' | 'user',
): readonly Rule[] {
  return rules.flatMap(({ expression: text, message = '' }) => {
    const expression = compiled(text, variable)
    return expression ? [{ expression, message }] : []
  })
}

function checkRules(rules: readonly Rule[], subject: object, what: string): void {
  for (const { expression, message } of rules) {
    const held = evaluated(expression, subject, what)
    if (held === true) continue
    const why =
      held === false
        ? `validation expression '${expression.text}' failed: ${message}`
        : 'validation expression must return a boolean'
    throw new ClaimError(`oidc: error evaluating ${what}: ${why}`)
  }
}

/** `what` is what upstream says of the place that fails; of extra values it says nothing. */
function evaluated(expression: Expression, subject: object, what?: string): unknown {
  try {
    return expression.evaluate(subject)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const told = `expression '${expression.text}' resulted in error: ${reason}`
    throw new ClaimError(what === undefined ? told : `oidc: error evaluating ${what}: ${told}`, {
      cause: error,
    })
  }
}

/** A text or a list of texts; empty ones do not count. */
function strings(value: unknown, what: string): string[] {
  if (value === null || value === undefined) return []
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  return list.filter((item): item is string => {
    if (typeof item === 'string') return item !== ''
    throw new ClaimError(
      `oidc: error evaluating ${what}: expression must return a string or a list of strings`,
    )
  })
}

function unlike(value: unknown, type: string): string {
  if (value === undefined) return 'claim not present'
  return `json: cannot unmarshal ${jsonKind(value)} into Go value of type ${type}`
}
