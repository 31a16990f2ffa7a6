import { defineResource } from '../define-resource.ts'
import type { LocalSubjectAccessReview } from '../types/authorization-v1.gen.ts'

/** Answered on POST, never stored. */
export const localSubjectAccessReviews = defineResource<LocalSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'LocalSubjectAccessReview',
  {
    strategy: { validateName: () => [], ephemeral: true },
  },
)
