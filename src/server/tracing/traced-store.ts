import { layerOver } from '../../storage/layer.ts'
import type { Store, Write } from '../../storage/store.ts'
import type { SpanAttributes, Tracing } from './tracing.ts'

/** The same store, each write a span under the name that dashboards know; there is no etcd. */
export function tracedStore(store: Store, tracing: Tracing): Store {
  return layerOver(store, {
    write: write => tracing.within(nameOf(write), attributesOf(write), () => store.write(write)),
  })
}

/** The key as upstream tells it: behind the cluster's prefix and the group. */
function attributesOf({ key }: Write): SpanAttributes {
  const [, , group = '', resource = '', ...names] = key.split('/')
  return { key: ['', resource, ...names].join('/'), group: group === 'core' ? '' : group, resource }
}

function nameOf({ value, expected }: Write): string {
  if (value === undefined) return 'Delete etcd3'
  return expected === 0 ? 'Create etcd3' : 'GuaranteedUpdate etcd3'
}
