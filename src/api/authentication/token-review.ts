import { defineResource } from '../define-resource.ts'
import type { TokenReview } from '../types/authentication-v1.gen.ts'

/** Answered on POST, never stored. */
export const tokenReviews = defineResource<TokenReview>('authentication.k8s.io/v1', 'TokenReview', {
  strategy: { validateName: () => [], ephemeral: true },
})
