import type { ReplicaSet } from '../../api/types/apps-v1.gen.ts'
import { replicaSets } from '../kinds.ts'
import { type ReplicaKind, replicaController } from './replicas.ts'

export const replicaSetKind: ReplicaKind<ReplicaSet> = {
  name: 'replicaset',
  identity: 'replicaset-controller',
  resource: replicaSets,
  selector: replicaSet => replicaSet.spec?.selector,
  countsTerminating: true,
}

/** Upstream pkg/controller/replicaset. */
export const replicaSetController = replicaController(replicaSetKind)
