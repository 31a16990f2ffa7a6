import type { Client } from '../../../client/client.ts'
import { toKey } from '../../../client/resource.ts'
import { fromTimestamp } from '../../../client/timestamp.ts'
import { milliValue, parseQuantity, quantityValue } from '../../../machinery/quantity/index.ts'
import { podMetrics } from './kinds.ts'
import type { Sample } from './usage-model.ts'

/** What all containers use now, by the resource metrics API; rejects when it does not answer. */
export async function readSamples(client: Client): Promise<Sample[]> {
  const { items } = await client.list(podMetrics, {})
  return items.flatMap(({ metadata, timestamp, containers }) =>
    containers.map(({ name, usage }) => ({
      podKey: toKey(metadata.namespace, metadata.name ?? ''),
      container: name,
      milliCores: Number(milliValue(parseQuantity(usage.cpu ?? '0'))),
      bytes: Number(quantityValue(parseQuantity(usage.memory ?? '0'))),
      atMs: fromTimestamp(timestamp) ?? 0,
    })),
  )
}
