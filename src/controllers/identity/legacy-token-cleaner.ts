import { podReferences } from '../../api/core/pod/references.ts'
import type { Secret } from '../../api/types/core-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { isConflict, orUndefined } from '../../client/failure.ts'
import { fromTimestamp, toDate } from '../../client/timestamp.ts'
import type { View } from '../../controller/view.ts'
import { informerStores } from '../../controller/view.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { configMaps, pods, secrets, serviceAccounts } from '../kinds.ts'

const tracking = 'kube-apiserver-legacy-service-account-token-tracking'
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'
const dayMs = 86_400_000
const key = 'tokens'

/**
 * Invalidates tokens of service accounts that were made without being asked for, by servers before 1.24, once nobody
 * has used them for `unusedMs`, and deletes them when so long has passed again (upstream pkg/controller/serviceaccount
 * legacy_serviceaccount_token_cleaner.go). Looked at once a day.
 */
export function legacyTokenCleaner(unusedMs: number): Worker {
  return {
    name: 'legacy-serviceaccount-token-cleaner',
    identity: 'legacy-service-account-token-cleaner',
    start(context) {
      for (const resource of [secrets, serviceAccounts, pods]) context.use(resource)
      const store = informerStores(context.informers)
      context.enqueue(key)
      return async () => {
        await clean(context, store, unusedMs)
        return { afterMs: dayMs }
      }
    },
  }
}

async function clean(context: WorkerContext, store: View['store'], unusedMs: number): Promise<void> {
  const nowMs = context.ports.clock.nowMs()
  const found = await orUndefined(context.client.get(configMaps, 'kube-system', tracking))
  const sinceMs = dateMs(found?.data?.since)
  if (sinceMs === undefined) {
    context.ports.log.warn('nobody says since when uses of tokens are written down', { configMap: tracking })
    return
  }
  // Uses are written down from the day after on, to be sure.
  if (nowMs < sinceMs + dayMs + unusedMs) return
  const keptMs = nowMs - unusedMs
  const mounted = mountedSecrets(store)
  for (const secret of store(secrets).list())
    if (isUnused(secret, store, keptMs) && !mounted(secret)) await retire(context, secret, keptMs)
}

/** Undefined for what is no date such as 2006-01-02. */
function dateMs(text: string | undefined): number | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text ?? '') ? Date.parse(text!) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** Made by nobody's wish: its account names it. One that is old, and that nobody has used lately. */
function isUnused({ type, metadata }: Secret, store: View['store'], keptMs: number): boolean {
  if (type !== 'kubernetes.io/service-account-token' || metadata.deletionTimestamp) return false
  if ((fromTimestamp(metadata.creationTimestamp) ?? keptMs) >= keptMs) return false
  const lastUsed = metadata.labels?.[lastUsedLabel]
  if (lastUsed !== undefined && (dateMs(lastUsed) === undefined || lastUsed >= toDate(keptMs))) return false
  const { annotations = {}, namespace, name } = metadata
  const account = store(serviceAccounts).get(
    namespace,
    annotations['kubernetes.io/service-account.name'] ?? '',
  )
  const uid = annotations['kubernetes.io/service-account.uid']
  if (!account || (uid && uid !== account.metadata.uid)) return false
  return account.secrets?.some(reference => reference.name === name) ?? false
}

/** Reads the pods of a namespace once, when the first secret there is asked about. */
function mountedSecrets(store: View['store']): (secret: Secret) => boolean {
  const byNamespace = new Map<string, ReadonlySet<string>>()
  return ({ metadata: { namespace = '', name = '' } }) => {
    const known =
      byNamespace.get(namespace) ??
      new Set(
        store(pods)
          .list(namespace)
          .flatMap(pod => podReferences(pod).secrets),
      )
    byNamespace.set(namespace, known)
    return known.has(name)
  }
}

async function retire({ client, ports }: WorkerContext, { metadata }: Secret, keptMs: number): Promise<void> {
  const { namespace, name = '', uid, resourceVersion, labels } = metadata
  const invalidSince = labels?.[invalidSinceLabel]
  if (dateMs(invalidSince) === undefined) {
    const marked = { [invalidSinceLabel]: toDate(ports.clock.nowMs()) }
    const body = { metadata: { uid, labels: marked } }
    await orUndefined(client.patch(secrets, namespace, name, { type: mergePatch, body }))
    return
  }
  if (invalidSince! >= toDate(keptMs)) return
  try {
    await orUndefined(client.delete(secrets, namespace, name, { preconditions: { resourceVersion } }))
  } catch (error) {
    // It has been used, or marked, a moment ago.
    if (!isConflict(error)) throw error
  }
}
