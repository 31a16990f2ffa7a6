import type { ConfigMap, Secret } from '../../api/types/core-v1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { update } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import { configMaps, secrets } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'

const place = { namespace: 'kube-public', name: 'cluster-info' }
const signaturePrefix = 'jws-kubeconfig-'
const tokenPrefix = 'bootstrap-token-'

/**
 * Signs the kubeconfig in `kube-public/cluster-info`, where there is one, with every bootstrap token that may: who joins
 * with a token knows by that whom to believe (upstream pkg/controller/bootstrap bootstrapsigner).
 */
export const bootstrapSigner = defineController<ConfigMap>({
  name: 'bootstrap-signer',
  identity: 'bootstrap-signer',
  primary: configMaps,
  watches: [watched(secrets, secret => (isToken(secret) ? [`${place.namespace}/${place.name}`] : []))],
  plan(configMap, view, nowMs) {
    const { metadata, data = {} } = configMap
    const { kubeconfig } = data
    const isMeant = metadata.namespace === place.namespace && metadata.name === place.name
    if (!isMeant || kubeconfig === undefined) return []
    const others = Object.entries(data).filter(([key]) => !key.startsWith(signaturePrefix))
    const tokens = view
      .store(secrets)
      .list('kube-system')
      .flatMap(secret => signingToken(secret, nowMs))
    const signed = tokens.map(({ id, secret }) => [signaturePrefix + id, sign(kubeconfig, id, secret)])
    const wanted = Object.fromEntries([...others, ...signed]) as Record<string, string>
    return jsonEqual(wanted, data) ? [] : [update(configMaps, { ...configMap, data: wanted })]
  },
})

function isToken({ type, metadata }: Secret): boolean {
  return type === 'bootstrap.kubernetes.io/token' && metadata.namespace === 'kube-system'
}

/** The token of a Secret that is whole, may sign, and is not over. */
function signingToken(secret: Secret, nowMs: number): { readonly id: string; readonly secret: string }[] {
  if (!isToken(secret)) return []
  const read = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
  const id = read('token-id')
  const expiration = read('expiration')
  const isOver = expiration !== '' && (fromTimestamp(expiration) ?? 0) <= nowMs
  const isWhole = secret.metadata.name === tokenPrefix + id && read('token-secret') !== ''
  if (!isWhole || isOver || read('usage-bootstrap-signing') !== 'true') return []
  return [{ id, secret: read('token-secret') }]
}

/** A JWS whose payload is not in it (RFC 7515, appendix F). */
function sign(content: string, id: string, secret: string): string {
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  const header = encode(JSON.stringify({ alg: 'HS256', kid: id }))
  const signature = new Bun.CryptoHasher('sha256', secret).update(`${header}.${encode(content)}`)
  return `${header}..${signature.digest('base64url')}`
}
