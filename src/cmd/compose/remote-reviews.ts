import type { Dial } from '../../server/egress/dial.ts'
import { fetchThrough } from '../../server/egress/fetch-through.ts'
import type { PostReview } from '../../server/remote-review/ask-again.ts'
import { remoteService } from '../../server/remote-review/kubeconfig.ts'
import { postReviews } from '../../server/remote-review/post-review.ts'
import { readBeside, readConfigured, usable } from './configured-file.ts'

/** The reviewing service that a kubeconfig names, asked over `dial`; paths in it are taken as from its own folder. */
export function connectReviews(kubeconfig: string, flag: string, dial: Dial | undefined): PostReview {
  const text = readConfigured(kubeconfig, flag)
  return usable(kubeconfig, flag, () =>
    postReviews(remoteService(text, readBeside(kubeconfig, flag)), fetchThrough(dial)),
  )
}
