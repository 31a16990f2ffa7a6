import type { TokenRequest } from '../../api/types/authentication-v1.gen.ts'
import type { Response } from '../context.ts'
import { admitMutating, admitValidating, type Connector } from '../rest/call.ts'
import { deepFreeze } from '../watchcache/index.ts'
import { decodeKind } from './subrequest.ts'

/** Issues tokens; the authentication side's. */
export type RequestToken = (namespace: string, name: string, body: TokenRequest) => Promise<TokenRequest>

/** POST serviceaccounts/NAME/token (KEP-1205). */
export function tokenConnector(request: RequestToken): Connector {
  return async function connectToken(call): Promise<Response> {
    const { namespace, name } = call.context.info
    const body = decodeKind(call, 'authentication.k8s.io', 'v1', 'TokenRequest') as unknown as TokenRequest
    body.metadata ??= {}
    await admitMutating(call, { operation: 'CREATE', object: body, oldObject: undefined })
    await admitValidating(call, { operation: 'CREATE', object: body, oldObject: undefined })
    const object = await request(namespace, name, body)
    return { kind: 'object', status: 201, object: deepFreeze(object) }
  }
}
