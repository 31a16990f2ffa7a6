import { readFileSync } from 'node:fs'
import { builtinResources } from '../../../src/api/builtin.ts'
import { type Client, createClient } from '../../../src/client/client.ts'
import { createHttpTransport } from '../../../src/client/http-transport.ts'
import { createInformers, type Informers } from '../../../src/client/informers.ts'
import { readKubeconfig } from '../../../src/client/kubeconfig.ts'
import type { ResourceRef } from '../../../src/client/resource.ts'
import type { KubeObject } from '../../../src/machinery/meta/object.ts'
import { silentLogger } from '../../../src/std/log.ts'
import { realPorts } from '../../../src/std/real-ports.ts'
import { Words } from './words.ts'

/** One of the two clusters, as its administrator sees it. */
export interface Side extends AsyncDisposable {
  readonly kubeconfig: string
  readonly client: Client
  readonly informers: Informers
  /** When something of this scenario last changed, ms of the machine's clock. */
  lastChangeMs(scenario: string): number
  /** What pods and replica sets of it did, in order: names as they are. */
  trace(scenario: string): readonly TraceEntry[]
  /** What it has come upon so far. */
  words(scenario: string): Words
}

export interface TraceEntry {
  readonly kind: string
  readonly name: string
  readonly did: string
}

/** What is compared. Events are, but do not count as a change. */
const comparedKinds = [
  ...['pods', 'services', 'endpoints', 'configmaps', 'serviceaccounts', 'replicationcontrollers'],
  ...['resourcequotas', 'persistentvolumeclaims', 'persistentvolumes', 'namespaces', 'nodes', 'events'],
  ...['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps'],
  ...['controllerrevisions.apps', 'jobs.batch', 'cronjobs.batch', 'endpointslices.discovery.k8s.io'],
  ...['poddisruptionbudgets.policy', 'horizontalpodautoscalers.autoscaling', 'secrets', 'limitranges'],
  ...['clusterroles.rbac.authorization.k8s.io', 'validatingadmissionpolicies.admissionregistration.k8s.io'],
]

/** The resource that `deployments` or `deployments.apps` names. */
export function resourceNamed(text: string): ResourceRef<KubeObject> {
  const [plural, ...rest] = text.split('.')
  const group = rest.join('.')
  const named = builtinResources.filter(resource => resource.plural === plural)
  const grouped = named.filter(resource => resource.group === group)
  const chosen = grouped.length > 0 ? grouped : named
  const newest = chosen.toSorted((a, b) => (a.version < b.version ? 1 : -1))[0]
  if (!newest) throw new Error(`no resource ${text}`)
  return newest as unknown as ResourceRef<KubeObject>
}

export const compared: readonly ResourceRef<KubeObject>[] = comparedKinds.map(resourceNamed)

/** Whom an object belongs to: the scenario of its namespace or of its label. */
export function scenarioOf({ metadata, ...object }: KubeObject): string | undefined {
  if (metadata.namespace) return metadata.namespace
  if ((object as { kind?: string }).kind === 'Namespace') return metadata.name
  return metadata.labels?.scenario ?? metadata.name
}

export async function openSide(kubeconfig: string): Promise<Side> {
  const ports = realPorts(silentLogger)
  const identity = readKubeconfig(readFileSync(kubeconfig, 'utf8'), {
    readFile: path => readFileSync(path, 'utf8'),
  })
  const transport = createHttpTransport({
    identity: () => identity,
    ports,
    userAgent: 'hutch-scenarios',
  })
  const client = createClient(transport)
  const stop = new AbortController()
  const informers = createInformers({ client, ports, signal: stop.signal })
  const changes = new Map<string, number>()
  const traces = new Map<string, TraceEntry[]>()
  const words = new Map<string, Words>()
  const wordsOf = (scenario: string) => {
    const known = words.get(scenario) ?? new Words()
    words.set(scenario, known)
    return known
  }
  for (const resource of compared) {
    informers.of(resource).onChange(({ object, old }) => {
      const scenario = scenarioOf((object ?? old)!)
      if (!scenario) return
      if (object) wordsOf(scenario).see(resource.kind, object)
      if (resource.plural !== 'events') changes.set(scenario, performance.now())
      const entry = traced(resource, object, old)
      if (entry) traces.set(scenario, [...(traces.get(scenario) ?? []), entry])
    })
  }
  await informers.whenSynced()
  return {
    kubeconfig,
    client,
    informers,
    lastChangeMs: scenario => changes.get(scenario) ?? performance.now(),
    trace: scenario => traces.get(scenario) ?? [],
    words: wordsOf,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await informers.done
    },
  }
}

function traced(
  { kind }: ResourceRef<KubeObject>,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): TraceEntry | undefined {
  const name = (object ?? old)!.metadata.name!
  if (kind === 'Pod') {
    if (object && !old) return { kind, name, did: 'comes' }
    const leaves = object?.metadata.deletionTimestamp !== undefined
    return leaves && !old?.metadata.deletionTimestamp ? { kind, name, did: 'leaves' } : undefined
  }
  if (kind !== 'ReplicaSet' || !object) return undefined
  const size = (of: KubeObject | undefined) => (of as { spec?: { replicas?: number } })?.spec?.replicas
  return size(object) === size(old) ? undefined : { kind, name, did: `has size ${size(object)}` }
}
