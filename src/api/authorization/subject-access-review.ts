import { defineResource } from '../define-resource.ts'
import type { SubjectAccessReview } from '../types/authorization-v1.gen.ts'

/** Answered on POST, never stored. */
export const subjectAccessReviews = defineResource<SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'SubjectAccessReview',
  {
    strategy: { validateName: () => [], ephemeral: true },
  },
)
