/** The token of an Authorization header `Bearer TOKEN`; undefined for any other. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S.*?) *$/i.exec(authorization)?.[1]
}
