import { defineResource } from '../define-resource.ts'
import type { SelfSubjectAccessReview } from '../types/authorization-v1.gen.ts'

/** Answered on POST, never stored. */
export const selfSubjectAccessReviews = defineResource<SelfSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'SelfSubjectAccessReview',
  {
    strategy: { validateName: () => [], ephemeral: true },
  },
)
