import type { PodCertificateRequest } from '../../api/types/certificates-v1beta1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { remove, requeueAfter } from '../../controller/actions.ts'
import { defineController } from '../../controller/define.ts'
import { podCertificateRequests } from '../kinds.ts'

/** Longer than a pod waits for its certificate. */
const lifetimeMs = 15 * 60_000

/** Deletes requests of pods for certificates once they are old, whatever became of them (upstream certificates/cleaner pcrcleaner.go). */
export const podCertificateCleaner = defineController<PodCertificateRequest>({
  name: 'podcertificaterequest-cleaner',
  identity: 'podcertificaterequestcleaner',
  primary: podCertificateRequests,
  plan(request, _, nowMs) {
    const dueMs = (fromTimestamp(request.metadata.creationTimestamp) ?? nowMs) + lifetimeMs
    return dueMs <= nowMs ? [remove(podCertificateRequests, request)] : [requeueAfter(dueMs - nowMs)]
  },
})
