import type { EndpointSlice } from '../types/discovery-v1.gen.ts'

/** Names on a slice the Service that it is of (discovery LabelServiceName). */
export const serviceNameLabel = 'kubernetes.io/service-name'

/** The Service that a slice is of; undefined for one that is of none. */
export function serviceNameOf({ metadata }: EndpointSlice): string | undefined {
  return metadata.labels?.[serviceNameLabel]
}
