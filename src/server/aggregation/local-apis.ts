/** APIServices of what this server answers itself (pkg/controlplane aggregator.go, autoregister, crdregistration). */
import type { Registry } from '../../api/registry.ts'
import type { APIService } from '../../api/types/apiregistration-v1.gen.ts'
import type { Transport } from '../../client/transport.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'
import type { Source } from '../lister.ts'
import { nameOf } from './remote-apis.ts'

/** Order of groups in lists, and of versions by stability and number, as upstream's table has them. */
const groupPriorities: Readonly<Record<string, number>> = {
  '': 18000,
  apps: 17800,
  'events.k8s.io': 17750,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'apiextensions.k8s.io': 16700,
  'admissionregistration.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'resource.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
  'internal.apiserver.k8s.io': 16000,
  'storagemigration.k8s.io': 15800,
  'metrics.k8s.io': 100,
}
const stable = 15
const unlike: Readonly<Record<string, number>> = {
  '/v1': 1,
  'autoscaling/v2': 30,
  'resource.k8s.io/v1': 21,
  'resource.k8s.io/v1beta2': 15,
  'flowcontrol.apiserver.k8s.io/v1': 21,
  'flowcontrol.apiserver.k8s.io/v1beta3': 18,
  'admissionregistration.k8s.io/v1beta1': 12,
  'metrics.k8s.io/v1beta1': 100,
}
const custom = { groupPriorityMinimum: 1000, versionPriority: 100 }
const managedLabel = 'kube-aggregator.kubernetes.io/automanaged'
/** Registers itself: the server that answers for it is this one by being asked. */
const ownGroup = 'apiregistration.k8s.io'

function versionPriority(group: string, version: string): number {
  const known = unlike[`${group}/${version}`]
  if (known !== undefined) return known
  return /^v\d+$/.test(version) ? stable : version.includes('beta') ? 9 : 1
}

export interface LocalApisOptions {
  readonly registry: Registry
  readonly apiServices: Source<APIService>
  readonly transport: Transport
  readonly ports: Ports
}

/** Keeps an APIService for each group and version of the registry, and for no other; until `signal` aborts. */
export function registerLocalApis(options: LocalApisOptions, signal: AbortSignal): void {
  const { registry, apiServices, ports } = options
  let isRunning = false
  let isDue = false
  const run = async () => {
    while (isDue && !signal.aborted) {
      isDue = false
      await reconcile(options, signal)
    }
  }
  const schedule = () => {
    isDue = true
    if (isRunning) return
    isRunning = true
    run()
      .catch(error => {
        if (!signal.aborted) ports.log.warn('APIs could not be registered', { error: String(error) })
      })
      .finally(() => {
        isRunning = false
      })
  }
  const ignore = registry.onChange(({ type, resource: { group, version } }) => {
    // Of thousands of kinds that come one by one, most are in a version that is registered.
    if (type !== 'added' || !apiServices.get('', nameOf(group, version))) schedule()
  })
  const stop = apiServices.onChange(({ now }) => {
    if (!now) schedule()
  })
  signal.addEventListener('abort', () => {
    ignore()
    stop()
  })
  schedule()
}

const at = { group: ownGroup, version: 'v1', resource: 'apiservices' } as const

async function reconcile(
  { registry, apiServices, transport }: LocalApisOptions,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Map<string, JsonObject>()
  const customs = new Set<string>()
  for (const each of registry.all()) if (each.custom) customs.add(nameOf(each.group, each.version))
  for (const { name: group, versions } of registry.groups()) {
    if (group === ownGroup) continue
    for (const version of versions) {
      wanted.set(nameOf(group, version), toObject(group, version, customs.has(nameOf(group, version))))
    }
  }
  for (const [name, body] of wanted) {
    if (signal.aborted) return
    if (!apiServices.get('', name))
      await unless(isAlreadyExists, transport.call({ ...at, verb: 'create', body }))
  }
  for (const { metadata, spec } of apiServices.list()) {
    const name = metadata.name!
    if (wanted.has(name) || spec?.service || !metadata.labels?.[managedLabel]) continue
    await unless(isNotFound, transport.call({ ...at, verb: 'delete', name }))
  }
}

async function unless(is: (error: unknown) => boolean, call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!is(error) && !isConflict(error)) throw error
  }
}

function toObject(group: string, version: string, isCustom: boolean): JsonObject {
  const priorities = isCustom
    ? custom
    : {
        groupPriorityMinimum: groupPriorities[group] ?? custom.groupPriorityMinimum,
        versionPriority: versionPriority(group, version),
      }
  const labels = { [managedLabel]: isCustom ? 'true' : 'onstart' }
  return {
    metadata: { name: nameOf(group, version), labels },
    spec: { ...(group && { group }), version, ...priorities },
  } as JsonObject
}
