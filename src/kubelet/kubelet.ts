import type { Pod, Service } from '../api/types/core-v1.gen.ts'
import type { Client } from '../client/client.ts'
import { createEventRecorder } from '../client/events.ts'
import { createInformer, type Informer } from '../client/informer.ts'
import { createMetrics, type Metrics } from '../std/metrics.ts'
import type { Ports, Runnable } from '../std/ports.ts'
import { whenAborted } from '../std/sleep.ts'
import type { KubeletConfig } from './config.ts'
import { createSpecBuilder } from './container/spec.ts'
import type { KubeletHost } from './host.ts'
import { createImagePuller } from './images/puller.ts'
import { createPodMeter } from './metrics/pod-meter.ts'
import { measuredRuntime } from './metrics/runtime-operations.ts'
import { createStartLatency, type StartLatency } from './metrics/start-latency.ts'
import type { PodNetwork } from './network/port.ts'
import { NodeAgent } from './node/node.ts'
import type { PodEnvironment } from './pod/environment.ts'
import { podEvents } from './pod/events.ts'
import { PodWorkers } from './pod/workers.ts'
import { createProbeManager } from './probes/manager.ts'
import { createReferences } from './references.ts'
import { nodes, pods, services } from './resources.ts'
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
  /** What the node counts, and tells at its own `/metrics`; by default a registry of its own. */
  readonly metrics?: Metrics
}

export interface HostContext {
  readonly options: KubeletOptions
  readonly ports: Ports
  readonly signal: AbortSignal
  readonly references: ReturnType<typeof createReferences>
  readonly events: ReturnType<typeof podEvents>
  /** For the API: every pod of this node. */
  readonly workers: () => PodWorkers
  readonly node: () => ReturnType<NodeAgent['current']>
  /** What probes came to; the API tells it. */
  readonly probeMetrics: Metrics
}

/**
 * A node. It registers itself, keeps its lease, runs the pods that are bound to it and reports on them. Aborting
 * leaves the pods running; started again, it finds them by the runtime's labels.
 */
export function createKubelet(options: KubeletOptions): Runnable {
  return async (ports, signal) => {
    const log = ports.log.with({ node: options.config.nodeName })
    const { metrics = createMetrics() } = options
    const runtime = measuredRuntime(options.runtime, metrics, ports.clock)
    const parts = assemble({ ...options, runtime }, { ...ports, log, metrics }, signal)
    const { agent, podInformer, serviceInformer, host } = parts
    const informers = [podInformer, ...(serviceInformer ? [serviceInformer] : [])]
    const running = [agent.run(signal), host.run(signal), ...informers.map(informer => informer.run(signal))]
    const ready = Promise.all([agent.registered, ...informers.map(informer => informer.whenSynced())])
    await Promise.race([ready, whenAborted(signal)])
    if (!signal.aborted) {
      await takePods(parts)
      running.push(runtime.containers.watch(uid => parts.workers.wake(uid), signal))
    }
    await whenAborted(signal)
    parts.workers.close()
    await Promise.all(running)
  }
}

interface Parts {
  readonly starts: StartLatency
  readonly agent: NodeAgent
  readonly podInformer: Informer<Pod>
  readonly serviceInformer: Informer<Service> | undefined
  readonly host: KubeletHost
  readonly workers: PodWorkers
}

function assemble(options: KubeletOptions, ports: Ports, signal: AbortSignal): Parts {
  const { client, runtime, network, config } = options
  const recorder = createEventRecorder({ client, ports, signal, component: 'kubelet', host: config.nodeName })
  const events = podEvents(recorder)
  const references = createReferences({ client, ports })
  const fieldSelector = `spec.nodeName=${config.nodeName}`
  const podInformer = createInformer({ client, ports, resource: pods, fieldSelector })
  const serviceInformer = options.services ? undefined : createInformer({ client, ports, resource: services })
  const listServices = options.services ?? (() => serviceInformer?.store.list() ?? [])
  const node = () => agent.current()
  const probeMetrics = createMetrics()
  const host = options.host({
    ...{ options, ports, signal, references, events, node, probeMetrics },
    workers: () => workers,
  })
  const agent = new NodeAgent({
    ...{ client, ports, config, machine: host.machine, runtime, recorder },
    networkNotReady: () => network.notReady(),
  })
  const apiPod = (pod: Pod) =>
    apiPodOf(podInformer.store.get(pod.metadata.namespace, pod.metadata.name ?? ''), pod)
  const meter = createPodMeter(ports.metrics)
  const starts = createStartLatency(ports.metrics, ports.clock)
  const env: PodEnvironment = {
    ...{ ports, config, runtime, network, events },
    ...{ runtimeName: host.runtimeName, volumes: host.volumes, runHook: host.runHook },
    ...{ terminationMessage: host.terminationMessage, removeLogs: host.removeLogs },
    specs: createSpecBuilder({ config, references, services: listServices, node, files: host.files }),
    pullImage: createImagePuller({ images: runtime.images, ports, events, pulls: starts }),
    probes: createProbeManager({ ports, prober: host.prober, events, metrics: probeMetrics }),
    statuses: createStatusManager({ client, ports, signal, apiPod, written: meter.statusWritten }),
    meter,
  }
  const freshNode = () => client.get(nodes, undefined, config.nodeName)
  const workers = new PodWorkers({ env, node, freshNode })
  return { agent, podInformer, serviceInformer, host, workers, starts }
}

/** All pods that this node is to have, then what it has and must not have any more. */
async function takePods({ podInformer, workers, host, starts }: Parts): Promise<void> {
  podInformer.onChange(({ old, object }) => {
    if (old && old.metadata.uid !== object?.metadata.uid) {
      workers.removed(old)
      starts.forget(old.metadata.uid ?? '')
    }
    if (!object || isMirror(object)) return
    starts.observed(object)
    workers.apply(object)
  })
  await host.staticPods(workers)
  await workers.endOrphans()
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
