import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Clock } from '../../std/ports.ts'
import { serviceAccounts } from '../resources.ts'

/** Service account tokens of this node's pods, one request per pod, audience and lifetime until it gets old. */
export interface PodTokens {
  token(pod: Pod, audience: string | undefined, lifeSeconds: number): Promise<string>
  release(podUid: string): void
}

/** Upstream token manager: a token is renewed after 80 % of its life, or a day. */
const freshShare = 0.8
const freshMaxMs = 24 * 3_600_000

interface TokenRequest extends KubeObject {
  spec: object
  status?: { token?: string; expirationTimestamp?: string }
}

export function createPodTokens(client: Client, clock: Clock): PodTokens {
  const known = new Map<string, { readonly token: string; readonly freshUntilMs: number }>()
  return {
    async token(pod, audience, lifeSeconds) {
      const id = `${pod.metadata.uid}/${audience ?? ''}/${lifeSeconds}`
      const held = known.get(id)
      if (held && clock.monotonicMs() < held.freshUntilMs) return held.token
      const token = await request(client, pod, audience, lifeSeconds)
      const freshMs = Math.min(lifeSeconds * 1000 * freshShare, freshMaxMs)
      known.set(id, { token, freshUntilMs: clock.monotonicMs() + freshMs })
      return token
    },
    release(podUid) {
      for (const id of known.keys()) if (id.startsWith(`${podUid}/`)) known.delete(id)
    },
  }
}

async function request(
  client: Client,
  pod: Pod,
  audience: string | undefined,
  expirationSeconds: number,
): Promise<string> {
  const { namespace, name, uid } = pod.metadata
  const body: TokenRequest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {},
    spec: {
      audiences: audience ? [audience] : [],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  }
  const account = pod.spec?.serviceAccountName || 'default'
  const answer = await client.subresource<TokenRequest>(serviceAccounts, {
    ...{ verb: 'create', namespace, name: account, subresource: 'token', body },
  })
  if (!answer.status?.token) throw new Error('failed to fetch token: the server answered without one')
  return answer.status.token
}
