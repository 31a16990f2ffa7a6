/** Who may use the kubelet's API. The server side of delegated authentication and authorization. */
export type Gate = (request: GateRequest) => Promise<GateAnswer>

export interface GateRequest {
  /** Subject of a client certificate that the node's client CA has signed. */
  readonly certificate: { readonly commonName: string; readonly organizations: readonly string[] } | undefined
  /** The Authorization header. */
  readonly authorization: string | undefined
  /** `get`, `create`, … */
  readonly verb: string
  /** Of the resource `nodes`; whoever may use one of them may go on. */
  readonly subresources: readonly string[]
}

export type GateAnswer = 'allowed' | 'unauthenticated' | { readonly forbidden: string }

export interface GateParts<User extends { readonly username: string }> {
  /** Who asks; undefined when nobody vouches for it. */
  user(request: GateRequest): Promise<User | undefined>
  mayUse(user: User, verb: string, subresource: string): Promise<boolean>
}

/** A gate that asks for each subresource in turn, and refuses in upstream's words. */
export function createGate<User extends { readonly username: string }>(parts: GateParts<User>): Gate {
  return async request => {
    const user = await parts.user(request)
    if (!user) return 'unauthenticated'
    const { verb, subresources } = request
    for (const subresource of subresources) if (await parts.mayUse(user, verb, subresource)) return 'allowed'
    const asked = `user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}]`
    return { forbidden: `Forbidden (${asked})\n` }
  }
}

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Finer rights than `proxy` (KEP-2862); who has `proxy` may still use these. */
const fine: Readonly<Record<string, string>> = {
  pods: 'pods',
  healthz: 'healthz',
  configz: 'configz',
  runningpods: 'pods',
}
/** Rights of their own, which `proxy` does not include. */
const own: Readonly<Record<string, string>> = {
  stats: 'stats',
  metrics: 'metrics',
  logs: 'log',
  checkpoint: 'checkpoint',
  statusz: 'statusz',
  flagz: 'configz',
}

/** What a path means to the authorizer (upstream pkg/kubelet/server/auth.go). */
export function attributesOf(
  method: string | undefined,
  path: string,
): Pick<GateRequest, 'verb' | 'subresources'> {
  const first = path.split('/')[1] ?? ''
  const finer = fine[first]
  const last = own[first] ?? 'proxy'
  return { verb: verbs[method ?? ''] ?? '', subresources: finer === undefined ? [last] : [finer, last] }
}
