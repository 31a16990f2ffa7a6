import { tokenReviews } from '../../api/authentication/token-review.ts'
import { subjectAccessReviews } from '../../api/authorization/subject-access-review.ts'
import type { TokenReview } from '../../api/types/authentication-v1.gen.ts'
import type { SubjectAccessReview } from '../../api/types/authorization-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import { type Caller, createGate, type Gate } from '../../kubelet/api/gate.ts'

/**
 * Who may use this kubelet's API is asked of the server, by TokenReview and SubjectAccessReview (upstream's webhook
 * modes of the kubelet). While the server is away nobody may.
 */
export function delegatedGate(client: Client, nodeName: string): Gate {
  return createGate({
    tokenUser: token => tokenUser(client, token),
    async mayUse({ username, groups, uid }, verb, subresource) {
      const { status } = await client.create<SubjectAccessReview>(subjectAccessReviews, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: {
          user: username,
          groups: [...groups],
          ...(uid !== undefined && { uid }),
          resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName },
        },
      })
      return status?.allowed ?? false
    },
  })
}

async function tokenUser(client: Client, token: string): Promise<Caller | undefined> {
  const { status } = await client.create<TokenReview>(tokenReviews, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    metadata: {},
    spec: { token },
  })
  const { username = '', groups = [], uid } = status?.user ?? {}
  return status?.authenticated ? { username, groups, ...(uid !== undefined && { uid }) } : undefined
}
