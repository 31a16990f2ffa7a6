import { mountPage, type Routes, requireRoute } from '../http/routes.ts'
import type { AuthenticationServices } from './authn.ts'

/**
 * What those read who verify service account tokens elsewhere (apiserver pkg/routes openidmetadata.go); nothing where the
 * issuer is no place for it.
 */
export function mountKeyDocuments(routes: Routes, authentication: AuthenticationServices): void {
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
