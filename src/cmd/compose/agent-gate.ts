import { tokenReviews } from '../../api/authentication/token-review.ts'
import { subjectAccessReviews } from '../../api/authorization/subject-access-review.ts'
import type { TokenReview } from '../../api/types/authentication-v1.gen.ts'
import type { SubjectAccessReview } from '../../api/types/authorization-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import { createGate, type Gate } from '../../kubelet/api/gate.ts'

interface Caller {
  readonly username: string
  readonly groups: readonly string[]
  readonly uid?: string
}

/**
 * Who may use this kubelet's API is asked of the server, by TokenReview and SubjectAccessReview (upstream's webhook
 * modes of the kubelet). While the server is away nobody may.
 */
export function delegatedGate(client: Client, nodeName: string): Gate {
  return createGate<Caller>({
    user: async ({ certificate, authorization }) =>
      certificate
        ? { username: certificate.commonName, groups: [...certificate.organizations, 'system:authenticated'] }
        : tokenUser(client, authorization),
    async mayUse(user, verb, subresource) {
      const { status } = await client.create<SubjectAccessReview>(subjectAccessReviews, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: {
          user: user.username,
          groups: [...user.groups],
          ...(user.uid !== undefined && { uid: user.uid }),
          resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName },
        },
      })
      return status?.allowed ?? false
    },
  })
}

async function tokenUser(client: Client, authorization: string | undefined): Promise<Caller | undefined> {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return undefined
  const { status } = await client.create<TokenReview>(tokenReviews, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    metadata: {},
    spec: { token },
  })
  const { username = '', groups = [], uid } = status?.user ?? {}
  return status?.authenticated ? { username, groups, ...(uid !== undefined && { uid }) } : undefined
}
