import { layerOver } from '../../storage/layer.ts'
import type { Store, Write } from '../../storage/store.ts'
import type { Tracing } from './tracing.ts'

/** The same store, each write a span under the name that dashboards know; there is no etcd. */
export function tracedStore(store: Store, tracing: Tracing): Store {
  return layerOver(store, {
    write: write => tracing.within(nameOf(write), { key: write.key }, () => store.write(write)),
  })
}

function nameOf({ value, expected }: Write): string {
  if (value === undefined) return 'Delete etcd3'
  return expected === 0 ? 'Create etcd3' : 'GuaranteedUpdate etcd3'
}
