import type { Secret, ServiceAccount } from '../../api/types/core-v1.gen.ts'
import { orUndefined } from '../../client/failure.ts'
import { fromKey, objectKey } from '../../client/resource.ts'
import { managerIdentity, type Worker, type WorkerContext } from '../../controller/worker.ts'
import { secrets, serviceAccounts } from '../kinds.ts'

const secretType = 'kubernetes.io/service-account-token'
const nameAnnotation = 'kubernetes.io/service-account.name'
const uidAnnotation = 'kubernetes.io/service-account.uid'

export interface TokenSecretOptions {
  readonly rootCaPem: () => string
  /** A token without an end for this account, bound to this secret. */
  readonly signToken: (account: ServiceAccount, secret: Secret) => Promise<string> | string
}

const accountKey = (secret: Secret): string | undefined =>
  secret.type === secretType
    ? `${secret.metadata.namespace}/${secret.metadata.annotations?.[nameAnnotation]}`
    : undefined

/**
 * Fills secrets of type service-account-token that somebody made for an account, and deletes those whose account
 * is gone (upstream pkg/controller/serviceaccount tokens_controller). It makes none of its own accord.
 */
export function tokenSecretController(options: TokenSecretOptions): Worker {
  return {
    name: 'serviceaccount-token',
    identity: managerIdentity,
    start(context) {
      const { store } = context.use(secrets)
      const byAccount = store.index(accountKey)
      context.watch(secrets, object => [object?.type === secretType ? objectKey(object) : undefined])
      context.watch(serviceAccounts, (account, old) =>
        byAccount.get(objectKey((account ?? old)!)).map(objectKey),
      )
      return async key => {
        const secret = store.byKey(key)
        if (secret) await tend(context, options, secret)
        return {}
      }
    },
  }
}

async function tend(context: WorkerContext, options: TokenSecretOptions, secret: Secret): Promise<void> {
  const { client } = context
  const { namespace, name, annotations, uid, resourceVersion } = secret.metadata
  if (secret.metadata.deletionTimestamp) return
  const account = await accountOf(context, accountKey(secret)!)
  const wantedUid = annotations?.[uidAnnotation]
  if (!account || (wantedUid && wantedUid !== account.metadata.uid)) {
    await orUndefined(client.delete(secrets, namespace, name!, { preconditions: { uid, resourceVersion } }))
    return
  }
  const data = {
    'ca.crt': encode(options.rootCaPem()),
    namespace: encode(namespace!),
    token: secret.data?.token || encode(await options.signToken(account, secret)),
  }
  const same = Object.entries(data).every(([key, value]) => secret.data?.[key] === value)
  if (same && wantedUid) return
  const filled = {
    ...annotations,
    [nameAnnotation]: account.metadata.name!,
    [uidAnnotation]: account.metadata.uid!,
  }
  const metadata = { ...secret.metadata, annotations: filled }
  await client.update(secrets, { ...secret, metadata, data: { ...secret.data, ...data } })
}

/** What the view lacks is asked for before a secret is deleted for it. */
async function accountOf(
  { client, informers }: WorkerContext,
  key: string,
): Promise<ServiceAccount | undefined> {
  const { namespace, name } = fromKey(key)
  const known = informers.of(serviceAccounts).store.byKey(key)
  return known ?? (await orUndefined(client.get(serviceAccounts, namespace, name)))
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
