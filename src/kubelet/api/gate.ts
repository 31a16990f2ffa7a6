/** Who may use the kubelet's API. The server side of delegated authentication and authorization. */
export type Gate = (request: GateRequest) => Promise<GateAnswer>

export interface GateRequest {
  /** Subject of a client certificate that the node's client CA has signed. */
  readonly certificate: { readonly commonName: string; readonly organizations: readonly string[] } | undefined
  /** The bearer token. */
  readonly token: string | undefined
  /** `get`, `create`, … */
  readonly verb: string
  /** Of the resource `nodes`; whoever may use one of them may go on. */
  readonly subresources: readonly string[]
}

export type GateAnswer = 'allowed' | 'unauthenticated' | { readonly forbidden: string }

/** Who asks. */
export interface Caller {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
}

export interface GateParts {
  /** Undefined when nobody vouches for the token. */
  tokenUser(token: string): Promise<Caller | undefined>
  mayUse(user: Caller, verb: string, subresource: string): Promise<boolean>
}

/** A gate that asks for each subresource in turn, and refuses in upstream's words. A certificate goes before a token. */
export function createGate({ tokenUser, mayUse }: GateParts): Gate {
  return async request => {
    const user = await callerOf(request, tokenUser)
    if (!user) return 'unauthenticated'
    const { verb, subresources } = request
    for (const subresource of subresources) if (await mayUse(user, verb, subresource)) return 'allowed'
    const asked = `user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}]`
    return { forbidden: `Forbidden (${asked})\n` }
  }
}

async function callerOf(
  { certificate, token }: GateRequest,
  tokenUser: GateParts['tokenUser'],
): Promise<Caller | undefined> {
  if (!certificate) return token === undefined ? undefined : tokenUser(token)
  const { commonName, organizations } = certificate
  return { username: commonName, groups: [...new Set([...organizations, 'system:authenticated'])] }
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
