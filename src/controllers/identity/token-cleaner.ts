import type { Secret } from '../../api/types/core-v1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { remove, requeueAfter } from '../../controller/actions.ts'
import { defineController } from '../../controller/define.ts'
import { secrets } from '../kinds.ts'

/** Deletes bootstrap tokens when their time is over (upstream pkg/controller/bootstrap tokencleaner). */
export const tokenCleaner = defineController<Secret>({
  name: 'token-cleaner',
  identity: 'token-cleaner',
  primary: secrets,
  plan(secret, _, nowMs) {
    const { type, data, metadata } = secret
    if (type !== 'bootstrap.kubernetes.io/token' || metadata.namespace !== 'kube-system' || !data?.expiration)
      return []
    const expiresMs = fromTimestamp(Buffer.from(data.expiration, 'base64').toString('utf8'))
    // A time that nobody can read is treated as over.
    if (expiresMs === undefined || expiresMs <= nowMs) return [remove(secrets, secret)]
    return [requeueAfter(Math.min(expiresMs - nowMs, checkMaxMs))]
  },
})

/** Timers reach no further than 24 days. */
const checkMaxMs = 86_400_000
