/** Who may use the kubelet's API. The server side of delegated authentication and authorization. */
export type Gate = (request: GateRequest) => Promise<GateAnswer>

export interface GateRequest {
  /** Subject of a client certificate that the node's client CA has signed. */
  readonly certificate: { readonly commonName: string; readonly organizations: readonly string[] } | undefined
  /** The Authorization header. */
  readonly authorization: string | undefined
  /** `get` or `create`. */
  readonly verb: string
  /** Of the resource `nodes`: `proxy`, `stats`, `metrics`, `pods`, `healthz`. */
  readonly subresource: string
}

export type GateAnswer = 'allowed' | 'unauthenticated' | { readonly forbidden: string }

/** What a path means to the authorizer (upstream pkg/kubelet/server/auth.go, fine-grained since 1.33). */
export function attributesOf(
  method: string | undefined,
  path: string,
): Pick<GateRequest, 'verb' | 'subresource'> {
  const verb = method === 'POST' ? 'create' : 'get'
  const first = path.split('/')[1] ?? ''
  const named: Readonly<Record<string, string>> = {
    stats: 'stats',
    metrics: 'metrics',
    pods: 'pods',
    healthz: 'healthz',
  }
  return { verb, subresource: named[first] ?? 'proxy' }
}
