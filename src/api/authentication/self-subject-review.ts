import { defineResource } from '../define-resource.ts'
import type { SelfSubjectReview } from '../types/authentication-v1.gen.ts'

/** Answered on POST, never stored. */
export const selfSubjectReviews = defineResource<SelfSubjectReview>(
  'authentication.k8s.io/v1',
  'SelfSubjectReview',
  {
    strategy: { validateName: () => [], ephemeral: true },
  },
)
