import { X509Certificate } from 'node:crypto'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type {
  AuthenticationConfiguration,
  ClaimMappings,
  ClaimValidationRule,
  Issuer,
  JwtAuthenticator,
  PrefixedClaimOrExpression,
  UserValidationRule,
} from './configuration.ts'
import { compileExpression, looksAtClaim } from './expressions.ts'
import { issuerNetworks } from './issuer-keys.ts'

const authenticatorsMax = 64

/**
 * Checks an AuthenticationConfiguration (apiserver pkg/apis/apiserver/validation). `ownIssuers` sign service account
 * tokens and belong to nobody else.
 */
export function validateAuthentication(
  { jwt = [], anonymous }: AuthenticationConfiguration,
  ownIssuers: readonly string[],
  errors: FieldErrors,
): void {
  if (jwt.length > authenticatorsMax) return errors.tooMany('jwt', jwt.length, authenticatorsMax)
  const seen = new Set<string>()
  for (const [i, authenticator] of jwt.entries()) {
    const path = `jwt[${i}]`
    validateAuthenticator(authenticator, ownIssuers, path, errors)
    for (const field of ['url', 'discoveryURL'] as const) {
      const value = authenticator.issuer?.[field]
      if (!value) continue
      if (seen.has(`${field}=${value}`)) errors.duplicate(`${path}.issuer.${field}`, value)
      seen.add(`${field}=${value}`)
    }
  }
  if (anonymous && !anonymous.enabled && anonymous.conditions?.length)
    errors.invalid(
      'anonymous.conditions',
      anonymous.conditions,
      'enabled should be set to true when conditions are defined',
    )
}

function validateAuthenticator(
  authenticator: JwtAuthenticator,
  ownIssuers: readonly string[],
  path: string,
  errors: FieldErrors,
): void {
  const {
    issuer = {},
    claimValidationRules = [],
    claimMappings = {},
    userValidationRules = [],
  } = authenticator
  validateIssuer(issuer, ownIssuers, `${path}.issuer`, errors)
  validateClaimRules(claimValidationRules, `${path}.claimValidationRules`, errors)
  validateMappings(claimMappings, `${path}.claimMappings`, errors)
  validateEmail(authenticator, `${path}.claimMappings.username.expression`, errors)
  validateUserRules(userValidationRules, `${path}.userValidationRules`, errors)
}

function validateIssuer(
  issuer: Issuer,
  ownIssuers: readonly string[],
  path: string,
  errors: FieldErrors,
): void {
  const { url = '', discoveryURL = '', egressSelectorType } = issuer
  if (!url) errors.required(`${path}.url`, '')
  else {
    if (ownIssuers.includes(url)) {
      const own = `[${ownIssuers.join(' ')}]`
      errors.invalid(`${path}.url`, url, `URL must not overlap with disallowed issuers: ${own}`)
    }
    validateUrl(url, `${path}.url`, errors)
  }
  if (discoveryURL) {
    const bare = (text: string) => text.replace(/\/+$/, '')
    if (url && bare(url) === bare(discoveryURL))
      errors.invalid(`${path}.discoveryURL`, discoveryURL, 'discoveryURL must be different from URL')
    validateUrl(discoveryURL, `${path}.discoveryURL`, errors)
  }
  validateAudiences(issuer, path, errors)
  validateAuthority(issuer.certificateAuthority, `${path}.certificateAuthority`, errors)
  if (egressSelectorType && !issuerNetworks.some(each => each === egressSelectorType))
    errors.invalid(
      `${path}.egressSelectorType`,
      egressSelectorType,
      'egress selector must be either controlplane or cluster',
    )
}

function validateUrl(text: string, path: string, errors: FieldErrors): void {
  if (!URL.canParse(text)) return errors.invalid(path, text, 'the URL cannot be parsed')
  const url = new URL(text)
  if (url.protocol !== 'https:') errors.invalid(path, text, 'URL scheme must be https')
  if (url.username || url.password) errors.invalid(path, text, 'URL must not contain a username or password')
  if (url.search) errors.invalid(path, text, 'URL must not contain a query')
  if (url.hash) errors.invalid(path, text, 'URL must not contain a fragment')
}

function validateAudiences(
  { audiences = [], audienceMatchPolicy: policy = '' }: Issuer,
  path: string,
  errors: FieldErrors,
): void {
  if (audiences.length === 0)
    return errors.required(`${path}.audiences`, `at least one ${path}.audiences is required`)
  for (const [i, audience] of audiences.entries()) {
    if (!audience) errors.required(`${path}.audiences[${i}]`, '')
    if (audiences.indexOf(audience) < i) errors.duplicate(`${path}.audiences[${i}]`, audience)
  }
  const at = `${path}.audienceMatchPolicy`
  if (audiences.length > 1 && policy !== 'MatchAny')
    errors.invalid(at, policy, 'audienceMatchPolicy must be MatchAny for multiple audiences')
  if (audiences.length === 1 && policy && policy !== 'MatchAny')
    errors.invalid(at, policy, 'audienceMatchPolicy must be empty or MatchAny for single audience')
}

function validateAuthority(pem: string | undefined, path: string, errors: FieldErrors): void {
  if (!pem) return
  try {
    new X509Certificate(pem)
  } catch {
    errors.invalid(path, '<omitted>', 'data does not contain any valid RSA or ECDSA certificates')
  }
}

function validateClaimRules(rules: readonly ClaimValidationRule[], path: string, errors: FieldErrors): void {
  const seen = new Set<string>()
  for (const [i, { claim, expression, message, requiredValue }] of rules.entries()) {
    const at = `${path}[${i}]`
    const key = claim ? `claim=${claim}` : `expression=${expression}`
    if (claim && expression) errors.invalid(at, claim, "claim and expression can't both be set")
    else if (claim) {
      if (message) errors.invalid(`${at}.message`, message, 'may not be specified when claim is set')
      if (seen.has(key)) errors.duplicate(`${at}.claim`, claim)
    } else if (expression) {
      if (requiredValue)
        errors.invalid(`${at}.requiredValue`, requiredValue, 'may not be specified when expression is set')
      if (seen.has(key)) errors.duplicate(`${at}.expression`, expression)
      else compileExpression('claims', expression, `${at}.expression`, errors)
    } else errors.required(at, 'claim or expression is required')
    seen.add(key)
  }
}

function validateMappings(mappings: ClaimMappings, path: string, errors: FieldErrors): void {
  const { username = {}, groups = {}, uid = {}, extra = [] } = mappings
  validatePrefixed(username, `${path}.username`, errors)
  if (!username.claim && !username.expression)
    errors.required(`${path}.username`, 'claim or expression is required')
  validatePrefixed(groups, `${path}.groups`, errors)
  if (uid.claim && uid.expression) errors.invalid(`${path}.uid`, '', "claim and expression can't both be set")
  else if (uid.expression) compileExpression('claims', uid.expression, `${path}.uid.expression`, errors)
  const seen = new Set<string>()
  for (const [i, { key = '', valueExpression }] of extra.entries()) {
    const at = `${path}.extra[${i}]`
    validateExtraKey(key, `${at}.key`, errors)
    if (seen.has(key)) errors.duplicate(`${at}.key`, key)
    else if (!valueExpression) errors.required(`${at}.valueExpression`, '')
    else compileExpression('claims', valueExpression, `${at}.valueExpression`, errors)
    seen.add(key)
  }
}

function validatePrefixed(
  { claim, expression, prefix }: PrefixedClaimOrExpression,
  path: string,
  errors: FieldErrors,
): void {
  if (claim && expression) errors.invalid(path, '', "claim and expression can't both be set")
  else if (expression) {
    if (prefix !== undefined)
      errors.invalid(`${path}.prefix`, prefix, 'may not be specified when expression is set')
    compileExpression('claims', expression, `${path}.expression`, errors)
  } else if (claim && prefix === undefined)
    errors.required(
      `${path}.prefix`,
      'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    )
}

/** A domain-prefixed path (`example.org/team`) outside of Kubernetes' own domains. */
function validateExtraKey(key: string, path: string, errors: FieldErrors): void {
  if (!key) return errors.required(path, '')
  const [domain = '', rest = ''] = key.split(/\/(.*)/s)
  if (!rest || !/^[a-zA-Z\d]([-a-zA-Z\d]*[a-zA-Z\d])?(\.[a-zA-Z\d]([-a-zA-Z\d]*[a-zA-Z\d])?)*$/.test(domain))
    errors.invalid(path, key, 'must be a domain-prefixed path (such as "acme.io/foo")')
  if (key !== key.toLowerCase()) errors.invalid(path, key, 'must be lowercase')
  if (/(^|\.)(kubernetes\.io|k8s\.io)$/.test(domain))
    errors.invalid(path, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use')
}

/** An address that nobody has verified is no name. */
function validateEmail(authenticator: JwtAuthenticator, path: string, errors: FieldErrors): void {
  const { claimMappings = {}, claimValidationRules = [] } = authenticator
  const username = claimMappings.username?.expression
  if (!looksAtClaim(username, 'email')) return
  const texts = [
    username,
    ...(claimMappings.extra ?? []).map(({ valueExpression }) => valueExpression),
    ...claimValidationRules.map(({ expression }) => expression),
  ]
  if (texts.some(text => looksAtClaim(text, 'email_verified'))) return
  errors.invalid(
    path,
    username,
    'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
  )
}

function validateUserRules(rules: readonly UserValidationRule[], path: string, errors: FieldErrors): void {
  const seen = new Set<string>()
  for (const [i, { expression }] of rules.entries()) {
    const at = `${path}[${i}].expression`
    if (!expression) errors.required(at, '')
    else if (seen.has(expression)) errors.duplicate(at, expression)
    else compileExpression('user', expression, at, errors)
    if (expression) seen.add(expression)
  }
}
