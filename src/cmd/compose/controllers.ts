import { runControllers } from '../../controller/run.ts'
import { controllerTable } from '../../controllers/index.ts'
import { componentUsers } from '../../server/authn/identity.ts'
import type { Runnable } from '../../std/ports.ts'
import { certificateOptions } from './certificates.ts'
import type { ControlPlane } from './control-plane.ts'
import type { ServerSettings } from './settings.ts'

/** All controllers, each writing as its own service account, all reading as the controller manager. */
export function controllerManager(plane: ControlPlane, settings: ServerSettings): Runnable {
  return (ports, signal) => {
    const table = controllerTable({
      catalog: plane.catalog,
      clusterCidrs: settings.clusterCidrs,
      tokens: {
        rootCaPem: () => plane.pki.authorities['server-ca'].certificate,
        signToken: (account, secret) =>
          plane.security.authentication.tokens.legacyToken(account, secret.metadata.name!),
      },
      certificates: certificateOptions(plane, ports),
      features: settings.features,
      tuning: settings.controllerTuning,
    })
    const run = runControllers(table, {
      informerTransport: plane.as(componentUsers.controllerManager),
      transportFor: plane.asController,
    })
    return run(ports, signal)
  }
}
