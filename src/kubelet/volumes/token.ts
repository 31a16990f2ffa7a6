import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { messageOf } from '../../std/message.ts'
import type { Ports } from '../../std/ports.ts'
import { serviceAccounts } from '../resources.ts'

/** Service account tokens of this node's pods, one request per pod, audience and lifetime until it gets old. */
export interface PodTokens {
  /** An old one is given while it holds, where no other can be had. */
  token(pod: Pod, audience: string | undefined, lifeSeconds: number): Promise<string>
  /** For how long all tokens of the pod are fresh: 0 when one is old, or none is there. */
  freshMs(podUid: string): number
  release(podUid: string): void
}

/** Upstream token manager: a token is renewed after 80 % of its life, or a day. */
const freshShare = 0.8
const freshMaxMs = 24 * 3_600_000

interface TokenRequest extends KubeObject {
  spec: { audiences: readonly string[]; expirationSeconds?: number; boundObjectRef: object }
  status?: { token?: string; expirationTimestamp?: string }
}

interface HeldToken {
  readonly token: string
  readonly freshUntilMs: number
  readonly expiresMs: number
}

export function createPodTokens(client: Client, { clock, log }: Pick<Ports, 'clock' | 'log'>): PodTokens {
  const known = new Map<string, HeldToken>()
  const ofPod = (podUid: string) => [...known].filter(([id]) => id.startsWith(`${podUid}/`))
  return {
    async token(pod, audience, lifeSeconds) {
      const id = `${pod.metadata.uid}/${audience ?? ''}/${lifeSeconds}`
      const held = known.get(id)
      const nowMs = clock.monotonicMs()
      if (held && nowMs < held.freshUntilMs) return held.token
      try {
        const { token, lifeMs } = await request(client, pod, audience, lifeSeconds)
        const freshUntilMs = nowMs + Math.min(lifeMs * freshShare, freshMaxMs)
        known.set(id, { token, freshUntilMs, expiresMs: nowMs + lifeMs })
        return token
      } catch (error) {
        if (!held || nowMs >= held.expiresMs) throw error
        log.warn('token not renewed', { pod: pod.metadata.name, error: messageOf(error) })
        return held.token
      }
    },
    freshMs(podUid) {
      const until = ofPod(podUid).map(([, { freshUntilMs }]) => freshUntilMs)
      return until.length === 0 ? 0 : Math.max(0, Math.min(...until) - clock.monotonicMs())
    },
    release(podUid) {
      for (const [id] of ofPod(podUid)) known.delete(id)
    },
  }
}

/** The server may grant a shorter life than was asked for. */
async function request(
  client: Client,
  pod: Pod,
  audience: string | undefined,
  expirationSeconds: number,
): Promise<{ readonly token: string; readonly lifeMs: number }> {
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
  return { token: answer.status.token, lifeMs: (answer.spec.expirationSeconds ?? expirationSeconds) * 1000 }
}
