import type { Namespace } from '../../../api/types/core-v1.gen.ts'
import type { Clock } from '../../../std/ports.ts'
import type { Authorizer } from '../../context.ts'
import type { Lister } from '../../lister.ts'

/** What the matching of requests against webhooks and policies reads. */
export interface MatchServices {
  readonly namespaces: Lister<Namespace>
  readonly authorize: Authorizer
  readonly clock: Clock
}
