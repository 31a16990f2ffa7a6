import { decodeJwt } from 'jose'
import { builtinKind } from '../../api/schema/index.ts'
import type { TokenRequest } from '../../api/types/authentication-v1.gen.ts'
import { updateManagedFields } from '../../machinery/apply/index.ts'
import { deepFreeze } from '../../machinery/meta/value.ts'
import { printed } from '../../machinery/schema/printed.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import type { RequestContext, Response } from '../context.ts'
import { admitMutating, admitValidating, type Connector, type RestCall } from '../rest/call.ts'
import { writerOf } from '../rest/field-manager.ts'
import { decodeKind } from './subrequest.ts'

/** Issues tokens; the authentication side's. `admit` sees the request as soon as all that the server knows is in it. */
export type RequestToken = (
  namespace: string,
  name: string,
  body: TokenRequest,
  caller: { readonly warnings: string[]; readonly admit: (request: TokenRequest) => Promise<void> },
) => Promise<TokenRequest>

/** POST serviceaccounts/NAME/token (KEP-1205). */
export function tokenConnector(request: RequestToken): Connector {
  return async function connectToken(call): Promise<Response> {
    const { namespace, name } = call.context.info
    const body = decodeKind(call, 'authentication.k8s.io', 'v1', 'TokenRequest') as unknown as TokenRequest
    settle(call, body)
    await admitMutating(call, { operation: 'CREATE', object: body, oldObject: undefined })
    const object = await request(namespace, name, body, {
      warnings: call.context.warnings,
      admit: completed =>
        admitValidating(call, { operation: 'CREATE', object: completed, oldObject: undefined }),
    })
    noteCredential(call.context, object)
    return { kind: 'object', status: 201, object: deepFreeze(printed(kindSchema(), object)) }
  }
}

const lifeSecondsDefault = 3600
const apiVersion = 'authentication.k8s.io/v1'
const kindSchema = () => builtinKind('authentication.k8s.io', 'v1', 'TokenRequest')

/** What is known of a request before anybody looks at it: its place, its default life, who wrote it. */
function settle(call: RestCall, body: TokenRequest): void {
  const { namespace } = call.context.info
  const given = body.metadata?.namespace
  if (given && given !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  body.metadata = { ...body.metadata, namespace }
  body.spec = { ...body.spec }
  body.spec.expirationSeconds ??= lifeSecondsDefault
  const writer = { ...writerOf(call), apiVersion, resetFields: [] }
  const managed = updateManagedFields({ ...writer, schema: kindSchema(), live: undefined, next: body })
  if (managed) body.metadata.managedFields = managed
}

/** The audit log names every token by its id, so that what is done with it can be found. */
function noteCredential(context: RequestContext, { status }: TokenRequest): void {
  const { jti } = decodeJwt(status?.token ?? '')
  context.auditAnnotations ??= new Map()
  context.auditAnnotations.set('authentication.kubernetes.io/issued-credential-id', `JTI=${jti}`)
}
