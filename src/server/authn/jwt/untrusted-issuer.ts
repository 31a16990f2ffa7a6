/**
 * Who a token says it is from, before anything of it is verified: good for choosing whom to ask and nothing else.
 * Throws `Error` with upstream's texts.
 */
export function untrustedIssuer(token: string): string {
  if (token.trimStart().startsWith('{')) throw new Error('token is not compact JWT')
  const parts = token.split('.')
  if (parts.length !== 3) throw new Error('malformed token')
  const payload = parts[1]!
  const strange = payload.search(/[^\w-]/)
  if (strange >= 0) throw new Error(`error decoding token: illegal base64 data at input byte ${strange}`)
  const issuer = issuerIn(Buffer.from(payload, 'base64url').toString())
  // Google's tokens may lack the scheme.
  return issuer === 'accounts.google.com' ? `https://${issuer}` : issuer
}

function issuerIn(json: string): string {
  try {
    const { iss = '' } = (JSON.parse(json) ?? {}) as { readonly iss?: unknown }
    if (typeof iss === 'string') return iss
  } catch (error) {
    throw new Error(`while unmarshaling token: ${(error as Error).message}`, { cause: error })
  }
  throw new Error('while unmarshaling token: json: cannot unmarshal the issuer into a string')
}
