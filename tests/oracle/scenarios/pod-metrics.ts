import { pods } from '../../../src/api/core/pod.ts'
import type { Pod } from '../../../src/api/types/core-v1.gen.ts'
import { toTimestamp } from '../../../src/client/timestamp.ts'
import { matchesLabels, parseLabelSelector } from '../../../src/machinery/selector/index.ts'
import { startTestWebhook } from '../../../src/server/webhook-client/testing.ts'
import { resourceNamed, type Side } from './side.ts'

/** What each container of a pod uses, as `cpu=100m,memory=10Mi`; a pod without it has no metrics. */
export const usageAnnotation = 'oracle/usage'

const group = 'metrics.k8s.io'
const version = 'v1beta1'
const namespace = 'kube-system'
const name = 'oracle-metrics'

/** Serves metrics.k8s.io behind a side's aggregator: its pods are taken at their word. */
export async function servePodMetrics(side: Side): Promise<Disposable> {
  const server = await startTestWebhook(
    (_body, path) => answer(side, new URL(path, 'https://metrics')),
    // The name that an aggregator looks for, wherever the service lies.
    [`${name}.${namespace}.svc`],
  )
  const { client } = side
  await client.create(resourceNamed('services'), {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace } },
    ...{ spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port: server.port }] } },
  })
  await client.create(resourceNamed('apiservices'), {
    ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' },
    metadata: { name: `${version}.${group}` },
    spec: {
      ...{ group, version, groupPriorityMinimum: 100, versionPriority: 100, caBundle: server.caBundle },
      service: { name, namespace, port: server.port },
    },
  })
  return { [Symbol.dispose]: server.close }
}

const podsPath = new RegExp(`^/apis/${group}/${version}/namespaces/([^/]+)/pods$`)

function answer(side: Side, { pathname, searchParams }: URL) {
  if (pathname === `/apis/${group}/${version}`) return { body: resources }
  const of = podsPath.exec(pathname)?.[1]
  if (of === undefined) return { status: 404, body: 'there is nothing here' }
  const selector = parseLabelSelector(searchParams.get('labelSelector') ?? '')
  const chosen = side.informers.of(pods).store.list(of)
  const items = chosen.filter(({ metadata }) => matchesLabels(selector, metadata.labels)).flatMap(metricsOf)
  return { body: { ...kinds('PodMetricsList'), metadata: {}, items } }
}

const kinds = (kind: string) => ({ kind, apiVersion: `${group}/${version}` })
const resource = (plural: string, kind: string, namespaced: boolean) => ({
  ...{ name: plural, singularName: '', namespaced, kind, verbs: ['get', 'list'] },
})
const resources = {
  ...{ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/${version}` },
  resources: [resource('pods', 'PodMetrics', true), resource('nodes', 'NodeMetrics', false)],
}

function metricsOf({ metadata, spec, status }: Pod) {
  const said = metadata.annotations?.[usageAnnotation]
  if (said === undefined || status?.phase !== 'Running') return []
  const usage = Object.fromEntries(said.split(',').map(entry => entry.split('=') as [string, string]))
  return [
    {
      ...kinds('PodMetrics'),
      metadata: { name: metadata.name!, namespace: metadata.namespace!, labels: metadata.labels ?? {} },
      ...{ timestamp: toTimestamp(Date.now()), window: '1s' },
      containers: spec!.containers.map(container => ({ name: container.name, usage })),
    },
  ]
}
