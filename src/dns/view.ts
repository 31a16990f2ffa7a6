import { namespaces } from '../api/core/namespace.ts'
import { services } from '../api/core/service.ts'
import { endpointSlices } from '../api/discovery/endpoint-slice.ts'
import { serviceNameOf } from '../api/discovery/service-name.ts'
import type { Service } from '../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.gen.ts'
import type { Informers } from '../client/informers.ts'
import type { DnsView } from './records.ts'

const sliceKey = (slice: EndpointSlice) => `${slice.metadata.namespace}/${serviceNameOf(slice)}`
const ipsOf = (service: Service) => service.spec?.clusterIPs ?? []
const addressesOf = (slice: EndpointSlice) => (slice.endpoints ?? []).flatMap(endpoint => endpoint.addresses)

/** The zone's view over live informers; every look-up is an index. */
export function informerView(informers: Informers): DnsView {
  const namespaceStore = informers.of(namespaces).store
  const serviceStore = informers.of(services).store
  const sliceStore = informers.of(endpointSlices).store
  const byIp = serviceStore.index(ipsOf)
  const byService = sliceStore.index(sliceKey)
  const byAddress = sliceStore.index(addressesOf)
  return {
    service: (namespace, name) => serviceStore.get(namespace, name),
    slices: (namespace, service) => byService.get(`${namespace}/${service}`),
    namespaceExists: name => namespaceStore.get(undefined, name) !== undefined,
    serviceWithIp: ip => byIp.get(ip)[0],
    endpointWithIp(ip) {
      for (const slice of byAddress.get(ip)) {
        const endpoint = slice.endpoints?.find(({ addresses }) => addresses.includes(ip))
        const service = serviceNameOf(slice)
        if (endpoint && service) return { namespace: slice.metadata.namespace!, service, endpoint }
      }
      return undefined
    },
  }
}
