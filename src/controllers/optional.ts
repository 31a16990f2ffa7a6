import type { CustomResourceDefinition } from '../api/types/apiextensions-v1.gen.ts'
import type { PolicyRule } from '../api/types/rbac-v1.gen.ts'
import { kindProvider } from '../controller/custom-kinds.ts'
import type { Worker } from '../controller/worker.ts'
import { verticalPodAutoscaler } from './autoscaling/vertical/index.ts'
import type { OptionalController } from './optional-controller.ts'
import type { ControllerOptions } from './options.ts'
import { volumeSnapshotController } from './storage/snapshot/controller.ts'
import type { ControllerTuning } from './tuning.ts'

/** All of them. */
export const optionalControllers: readonly OptionalController[] = [
  verticalPodAutoscaler,
  volumeSnapshotController,
]

/** What runs of one of these: first of all what makes its kinds. */
export function workersOf(
  { name, identity, kinds, definitions, workers }: OptionalController,
  options: ControllerOptions,
): readonly Worker[] {
  const awaiting = workers(options).map(worker => ({ ...worker, needs: kinds }))
  return [kindProvider(name, identity, definitions), ...awaiting]
}

/** What an account of kube-system may do. */
export interface AccountRights {
  readonly account: string
  readonly rules: readonly PolicyRule[]
}

/** The rights of those that are on; no others are given. */
export function optionalRights({ runs }: Pick<ControllerTuning, 'runs'>): readonly AccountRights[] {
  return optionalControllers
    .filter(({ name }) => runs(name))
    .map(({ identity, rules, definitions }) => ({
      account: identity,
      rules: [...rules, ...definitionRules(definitions)],
    }))
}

/** To make definitions, which cannot be had by name, and to change these. */
function definitionRules(definitions: readonly CustomResourceDefinition[]): readonly PolicyRule[] {
  const definition = { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'] }
  const resourceNames = definitions.map(({ metadata }) => metadata.name!)
  return [
    { verbs: ['create'], ...definition },
    { verbs: ['get', 'patch'], ...definition, resourceNames },
  ]
}
