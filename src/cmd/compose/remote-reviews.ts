import type { PostReview } from '../../server/remote-review/ask-again.ts'
import { remoteService } from '../../server/remote-review/kubeconfig.ts'
import { postReviews } from '../../server/remote-review/post-review.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'

/** The reviewing service that a kubeconfig names; paths in it are taken as from its own folder. */
export function connectReviews(kubeconfig: string, flag: string): PostReview {
  const folder = kubeconfig.slice(0, kubeconfig.lastIndexOf('/') + 1)
  const readFile = (path: string) => readConfigured(path.startsWith('/') ? path : folder + path, flag)
  const text = readConfigured(kubeconfig, flag)
  try {
    return postReviews(remoteService(text, readFile))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`--${flag}: ${kubeconfig}: ${(error as Error).message}`)
  }
}
