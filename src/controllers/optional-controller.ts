import type { CustomResourceDefinition } from '../api/types/apiextensions-v1.gen.ts'
import type { PolicyRule } from '../api/types/rbac-v1.gen.ts'
import type { ResourceName } from '../client/resource.ts'
import type { Worker } from '../controller/worker.ts'
import type { ControllerOptions } from './options.ts'

/** A controller that is off until it is named, and what comes with it: kinds of its own and the rights that it needs. */
export interface OptionalController {
  /** What `--controllers` calls it. */
  readonly name: string
  /** Its ServiceAccount in kube-system. */
  readonly identity: string
  /** In the version that it works on. */
  readonly kinds: readonly ResourceName[]
  readonly definitions: readonly CustomResourceDefinition[]
  readonly rules: readonly PolicyRule[]
  /** They start once all kinds are served. */
  readonly workers: (options: ControllerOptions) => readonly Worker[]
}
