import { replicationControllers } from '../kinds.ts'
import { replicaController } from './replicas.ts'

/** Upstream pkg/controller/replication: a ReplicaSet whose selector is a plain map. */
export const replicationController = replicaController({
  name: 'replicationcontroller',
  identity: 'replication-controller',
  resource: replicationControllers,
  selector: ({ spec }) => spec?.selector && { matchLabels: spec.selector },
  countsTerminating: false,
})
