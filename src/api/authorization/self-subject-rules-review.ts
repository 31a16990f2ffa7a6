import { defineResource } from '../define-resource.ts'
import type { SelfSubjectRulesReview } from '../types/authorization-v1.gen.ts'

/** Answered on POST, never stored. */
export const selfSubjectRulesReviews = defineResource<SelfSubjectRulesReview>(
  'authorization.k8s.io/v1',
  'SelfSubjectRulesReview',
  {
    strategy: { validateName: () => [], ephemeral: true },
  },
)
