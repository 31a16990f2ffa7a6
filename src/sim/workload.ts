import type { Deployment } from '../api/types/apps-v1.gen.ts'
import type { Namespace, Service } from '../api/types/core-v1.gen.ts'
import { type Client, strategicPatch } from '../client/client.ts'
import { deployments, namespaces, services } from '../controllers/kinds.ts'

/** The namespaces that the workload lives in; the second half is deleted whole at the end. */
export const workNamespaces = ['blue', 'green', 'red', 'grey'] as const

export interface Wanted {
  readonly namespace: string
  readonly name: string
  replicas: number
  image: string
}

export function plannedWorkload(count: number, replicas: number): Wanted[] {
  return Array.from({ length: count }, (_, index) => ({
    namespace: workNamespaces[index % workNamespaces.length]!,
    name: `app-${String(index).padStart(3, '0')}`,
    replicas,
    image: 'hutch.local/app:1',
  }))
}

export async function createNamespaces(admin: Client): Promise<void> {
  for (const name of workNamespaces) {
    const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    await admin.create(namespaces, namespace)
  }
}

export async function createApp(admin: Client, wanted: Wanted): Promise<void> {
  await admin.create(deployments, deploymentOf(wanted))
}

/** A service over the app's pods, so that endpoints have to follow them. */
export async function createAppService(admin: Client, { namespace, name }: Wanted): Promise<void> {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { selector: { app: name }, ports: [{ port: 80 }] },
  } as Service
  await admin.create(services, service)
}

export async function scaleApp(admin: Client, wanted: Wanted): Promise<void> {
  const body = { spec: { replicas: wanted.replicas } }
  await admin.patch(deployments, wanted.namespace, wanted.name, { type: strategicPatch, body })
}

export async function rollApp(admin: Client, wanted: Wanted): Promise<void> {
  const containers = [{ name: 'main', image: wanted.image }]
  const body = { spec: { template: { spec: { containers } } } }
  await admin.patch(deployments, wanted.namespace, wanted.name, { type: strategicPatch, body })
}

/** Every eighth app is probed: probes cost the simulation a step each. */
function isProbed(name: string): boolean {
  return Number(name.slice(-3)) % 8 === 0
}

function deploymentOf({ namespace, name, replicas, image }: Wanted): Deployment {
  const labels = { app: name }
  const container = {
    name: 'main',
    image,
    imagePullPolicy: 'IfNotPresent',
    resources: { requests: { cpu: '100m', memory: '64Mi' } },
    ...(isProbed(name) && { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10 } }),
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [container], terminationGracePeriodSeconds: 5 },
      },
    },
  } as Deployment
}
