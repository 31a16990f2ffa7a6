import type { Catalog } from '../client/catalog.ts'
import type { Worker } from '../controller/worker.ts'
import { deploymentController } from './apps/deployment.ts'
import { replicaSetController } from './apps/replicaset.ts'
import { replicationController } from './apps/replicationcontroller.ts'
import { garbageCollector } from './cleanup/garbage-collector.ts'
import { namespaceController } from './cleanup/namespace.ts'
import { endpointsController } from './network/endpoints.ts'
import { endpointSliceController } from './network/endpointslice.ts'

/** What controllers need from the rest of the program. */
export interface ControllerOptions {
  /** What is served, custom resources included: the server's registry, or discovery. */
  readonly catalog: Catalog
}

/** All controllers, in no order that matters. */
export function controllerTable(options: ControllerOptions): readonly Worker[] {
  return [
    deploymentController,
    replicaSetController,
    replicationController,
    endpointsController,
    endpointSliceController,
    namespaceController(options.catalog),
    garbageCollector(options.catalog),
  ]
}
