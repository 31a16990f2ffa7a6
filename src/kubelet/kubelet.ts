import type { Pod, Service } from '../api/types/core-v1.gen.ts'
import type { Client } from '../client/client.ts'
import { createEventRecorder } from '../client/events.ts'
import { createInformer } from '../client/informer.ts'
import type { Ports, Runnable } from '../std/ports.ts'
import type { KubeletConfig } from './config.ts'
import { createSpecBuilder } from './container/spec.ts'
import type { KubeletHost } from './host.ts'
import { createImagePuller } from './images/puller.ts'
import type { PodNetwork } from './network/port.ts'
import { createNodeAgent } from './node/node.ts'
import type { PodEnvironment } from './pod/environment.ts'
import { podEvents } from './pod/events.ts'
import { createPodWorkers, type PodWorkers } from './pod/workers.ts'
import { createProbeManager } from './probes/manager.ts'
import { createReferences } from './references.ts'
import { pods, services } from './resources.ts'
import type { Runtime } from './runtime/runtime.ts'
import { createStatusManager } from './status/manager.ts'

export interface KubeletOptions {
  /** Under the node's own identity (system:node:<name>). */
  readonly client: Client
  readonly runtime: Runtime
  readonly network: PodNetwork
  readonly config: KubeletConfig
  /** What touches the machine: files, probes, hooks, the HTTPS API. */
  readonly host: (context: HostContext) => KubeletHost
  /** All services, when somebody watches them already; by default the kubelet does. */
  readonly services?: () => Iterable<Service>
}

export interface HostContext {
  readonly options: KubeletOptions
  readonly ports: Ports
  readonly signal: AbortSignal
  readonly references: ReturnType<typeof createReferences>
  readonly events: ReturnType<typeof podEvents>
  /** For the API: every pod of this node. */
  readonly workers: () => PodWorkers
  readonly node: () => ReturnType<ReturnType<typeof createNodeAgent>['current']>
}

/**
 * A node. It registers itself, keeps its lease, runs the pods that are bound to it and reports on them. Aborting
 * leaves the pods running; started again, it finds them by the runtime's labels.
 */
export function createKubelet(options: KubeletOptions): Runnable {
  return async (ports, signal) => {
    const { client, runtime, network, config } = options
    const log = ports.log.with({ node: config.nodeName })
    const own: Ports = { ...ports, log }
    const recorder = createEventRecorder({
      client,
      ports: own,
      signal,
      component: 'kubelet',
      host: config.nodeName,
    })
    const events = podEvents(recorder)
    const references = createReferences({ client, ports: own })
    const known: { workers?: PodWorkers } = {}
    const workersOf = () => {
      if (!known.workers) throw new Error('the kubelet is still starting')
      return known.workers
    }
    const podInformer = createInformer({
      client,
      ports: own,
      resource: pods,
      fieldSelector: `spec.nodeName=${config.nodeName}`,
    })
    const serviceInformer = options.services
      ? undefined
      : createInformer({ client, ports: own, resource: services })
    const listServices = options.services ?? (() => serviceInformer?.store.list() ?? [])
    const context: HostContext = {
      options,
      ports: own,
      signal,
      references,
      events,
      workers: workersOf,
      node: () => agent.current(),
    }
    const host = options.host(context)
    const agent = createNodeAgent({
      ...{ client, ports: own, config, machine: host.machine, runtime, recorder },
      networkNotReady: () => network.notReady(),
    })
    const env: PodEnvironment = {
      ...{ ports: own, config, runtime, network, events },
      runtimeName: host.runtimeName,
      volumes: host.volumes,
      specs: createSpecBuilder({
        config,
        references,
        services: listServices,
        node: () => agent.current(),
        files: host.files,
      }),
      pullImage: createImagePuller({ images: runtime.images, ports: own, events }),
      probes: createProbeManager({ ports: own, prober: host.prober, events }),
      runHook: host.runHook,
      statuses: createStatusManager({
        client,
        ports: own,
        signal,
        apiPod: pod => apiPodOf(podInformer.store.get(pod.metadata.namespace, pod.metadata.name ?? ''), pod),
      }),
      terminationMessage: host.terminationMessage,
    }
    const workers = createPodWorkers({ env, node: () => agent.current() })
    known.workers = workers

    const running = [
      agent.run(signal),
      podInformer.run(signal),
      serviceInformer?.run(signal),
      host.run(signal),
    ]
    await Promise.race([
      Promise.all([agent.registered, podInformer.whenSynced(), serviceInformer?.whenSynced()]),
      aborted(signal),
    ])
    if (!signal.aborted) {
      podInformer.onChange(({ old, object }) => {
        if (old && old.metadata.uid !== object?.metadata.uid) workers.removed(old)
        if (object && !isMirror(object)) workers.apply(object)
      })
      await host.staticPods(workers)
      await workers.endOrphans()
      running.push(runtime.containers.watch(uid => workers.wake(uid), signal))
    }
    await aborted(signal)
    workers.close()
    await Promise.all(running)
  }
}

/** A mirror stands for a static pod; what it says is not obeyed. */
function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
}

/** The server's object for a pod of ours: the pod itself, or the mirror of a static one. */
function apiPodOf(found: Pod | undefined, pod: Pod): Pod | undefined {
  if (!found) return undefined
  const mirrored = found.metadata.annotations?.['kubernetes.io/config.mirror']
  const same =
    found.metadata.uid === pod.metadata.uid || (mirrored !== undefined && mirrored === pod.metadata.uid)
  return same ? found : undefined
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
