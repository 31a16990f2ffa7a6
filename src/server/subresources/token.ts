import { decodeJwt } from 'jose'
import type { TokenRequest } from '../../api/types/authentication-v1.gen.ts'
import type { RequestContext, Response } from '../context.ts'
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
    body.metadata = { ...body.metadata, namespace }
    await admitMutating(call, { operation: 'CREATE', object: body, oldObject: undefined })
    await admitValidating(call, { operation: 'CREATE', object: body, oldObject: undefined })
    const object = await request(namespace, name, body)
    noteCredential(call.context, object)
    return { kind: 'object', status: 201, object: deepFreeze(object) }
  }
}

/** The audit log names every token by its id, so that what is done with it can be found. */
function noteCredential(context: RequestContext, { status }: TokenRequest): void {
  const { jti } = decodeJwt(status?.token ?? '')
  context.auditAnnotations ??= new Map()
  context.auditAnnotations.set('authentication.kubernetes.io/issued-credential-id', `JTI=${jti}`)
}
