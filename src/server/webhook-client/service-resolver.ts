import { serviceNameOf } from '../../api/discovery/service-name.ts'
import type { Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { notFound, serviceUnavailable } from '../../machinery/status/errors.ts'
import type { Random } from '../../std/ports.ts'
import type { Dial, Dialed } from '../egress/dial.ts'
import type { Lister } from '../lister.ts'

export interface ServiceListers {
  readonly services: Lister<Service>
  readonly endpointSlices: Lister<EndpointSlice>
}

/** Where a Service's port is answered. Throws when nowhere, with the texts of apiserver pkg/util/proxy. */
export type ServiceResolver = (namespace: string, name: string, port: number) => Dialed

/**
 * Goes to a ready endpoint directly (upstream's `--enable-aggregator-routing`): the server need not be on a machine
 * that routes cluster IPs. Names of ExternalName services are used as they are.
 */
export function createServiceResolver(
  listers: ServiceListers,
  random: Pick<Random, 'next'>,
  dial?: Dial,
): ServiceResolver {
  return (namespace, name, port) => {
    const service = listers.services.get(namespace, name)
    if (!service) throw notFound({ group: '', resource: 'service' }, name)
    const { type = 'ClusterIP', externalName = '', ports = [], ipFamilies = [] } = service.spec ?? {}
    if (type === 'ExternalName') return { host: externalName, port, dial }
    const wanted = ports.find(each => each.port === port)
    if (!wanted) throw serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`)
    const slices = listers.endpointSlices.list(namespace).filter(slice => isOf(slice, name))
    const found = findReady(primaryFirst(slices, ipFamilies[0]), wanted.name ?? '', random)
    if (!found) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`)
    return { ...found, dial }
  }
}

function isOf(slice: EndpointSlice, service: string): boolean {
  return serviceNameOf(slice) === service
}

function primaryFirst(slices: readonly EndpointSlice[], family: string | undefined): EndpointSlice[] {
  const rank = ({ addressType }: EndpointSlice) => (addressType === family ? 0 : 1)
  return slices.toSorted((a, b) => rank(a) - rank(b))
}

/** A ready endpoint of the first slice that has one, any of them with the same chance. */
function findReady(
  slices: readonly EndpointSlice[],
  portName: string,
  random: Pick<Random, 'next'>,
): Dialed | undefined {
  for (const { ports = [], endpoints = [] } of slices) {
    const port = ports?.find(each => (each.name ?? '') === portName)?.port
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    const host = ready[Math.floor(random.next() * ready.length)]?.addresses[0]
    if (port && host) return { host, port }
  }
  return undefined
}
