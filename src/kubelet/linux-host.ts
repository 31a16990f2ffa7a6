import { rm } from 'node:fs/promises'
import type { Pod } from '../api/types/core-v1.gen.ts'
import type { Gate } from './api/gate.ts'
import { KubeletApi } from './api/handlers.ts'
import { type ApiTls, startApiServer } from './api/server.ts'
import { hostHooks } from './container/hooks.ts'
import { hostFiles } from './container/host-files.ts'
import type { KubeletHost } from './host.ts'
import type { HostContext } from './kubelet.ts'
import { podLogDir } from './logs/paths.ts'
import { rotateLogs } from './logs/rotation.ts'
import { readTerminationMessage } from './logs/termination-message.ts'
import { tellCgroupVersion } from './metrics/node-state.ts'
import { createServingCertificateMeter } from './metrics/serving-certificate.ts'
import { linuxMachine } from './node/linux-machine.ts'
import { rolesOf } from './pod/view.ts'
import { hostProber } from './probes/host-prober.ts'
import type { ObservedContainer } from './runtime/runtime.ts'
import { StaticPods } from './static-pods.ts'
import { cgroupVersion } from './stats/cgroup.ts'
import { createVolumes } from './volumes/volumes.ts'

/** The API's certificate: a joined node has it signed after it is registered, and renews it while it runs. */
export interface ServingTls {
  first(signal: AbortSignal): Promise<ApiTls>
  onRenewed(adopt: (tls: ApiTls) => void): void
}

export interface LinuxHostOptions {
  /** Scheme of container ids: `podman`. */
  readonly runtimeName: string
  /** The HTTPS API; undefined: it is not served. */
  readonly api:
    | {
        readonly tls: ServingTls
        readonly gate: Gate
        readonly host: string
      }
    | undefined
}

/** The machine that this process runs on, for `createKubelet`. */
export function linuxHost({ runtimeName, api }: LinuxHostOptions): (context: HostContext) => KubeletHost {
  return context => {
    const { options, ports, references, events } = context
    const { config, runtime, client } = options
    const machine = linuxMachine(config.dataDir)
    return {
      runtimeName,
      machine,
      volumes: createVolumes({ client, references, config, ports, events, node: context.node }),
      files: hostFiles(config),
      prober: hostProber(runtime.containers, ports.clock),
      runHook: hostHooks(runtime.containers, ports),
      terminationMessage: container => readTerminationMessage(container, messagePolicy(context, container)),
      removeLogs: pod => rm(podLogDir(config.podLogsDir, pod), { recursive: true, force: true }),
      async staticPods(workers) {
        if (!config.staticPodDir) return
        const nodeUid = () => context.node()?.metadata.uid
        const pods = new StaticPods({
          dir: config.staticPodDir,
          nodeName: config.nodeName,
          nodeUid,
          client,
          ports,
        })
        await pods.sync(workers)
        void pods.follow(workers, context.signal)
      },
      async run(signal) {
        tellCgroupVersion(ports.metrics, await cgroupVersion())
        const handlers = new KubeletApi({
          ...{ ports, config, runtime, machine },
          workers: context.workers,
          probeMetrics: context.probeMetrics,
        })
        const serving = api && serve(api, handlers, { port: config.port, signal })
        const containers = () =>
          context
            .workers()
            .list()
            .flatMap(worker => worker.containers)
        const rotating = rotateLogs({ containers, runtime: runtime.containers, ports }, signal)
        await Promise.all([rotating, serving])
      },
    }
  }
}

async function serve(
  { tls, gate, host }: NonNullable<LinuxHostOptions['api']>,
  api: KubeletApi,
  { port, signal }: { readonly port: number; readonly signal: AbortSignal },
): Promise<void> {
  const first = await tls.first(signal)
  if (signal.aborted) return
  const server = await startApiServer({ api, gate, tls: first, host, port })
  const told = createServingCertificateMeter(api.options.ports)
  told(first.cert)
  tls.onRenewed(renewed => {
    server.setTls(renewed)
    told(renewed.cert)
  })
  if (!signal.aborted)
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
  await server.close()
}

function messagePolicy({ workers }: HostContext, container: ObservedContainer): string | undefined {
  const pod: Pod | undefined = workers().get(container.pod.uid)?.pod
  if (!pod) return undefined
  const found = [...rolesOf(pod)].find(entry => entry.container.name === container.name)
  return found?.container.terminationMessagePolicy
}
