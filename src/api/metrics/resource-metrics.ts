import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { addQuantity, formatQuantity, parseQuantity } from '../../machinery/quantity/index.ts'
import type { Column } from '../../machinery/table/column.ts'
import type { Resource } from '../define.ts'
import { builtinKind } from '../schema/index.ts'
import type { NodeMetrics, PodMetrics } from '../types/metrics-v1beta1.gen.ts'

const group = 'metrics.k8s.io'
const version = 'v1beta1'

/** What is measured when it is asked for, in the order of metrics-server's columns. */
const measured = ['cpu', 'memory']

type Measured = KubeObject & { readonly window: string }

/**
 * The resource metrics API (k8s.io/metrics). No stock API server has it, so discovery facts know nothing of it; names,
 * verbs and columns are those of metrics-server.
 */
function measuredResource<T extends Measured>(
  names: Pick<Resource, 'kind' | 'plural' | 'namespaced'>,
  usage: (object: T, resource: string) => string,
): Resource<T> {
  return {
    ...names,
    ...{ group, version, singular: '', shortNames: [], categories: [], verbs: ['get', 'list'] },
    get schema() {
      return builtinKind(group, version, names.kind)
    },
    listKind: `${names.kind}List`,
    storage: { group, plural: names.plural, version },
    strategy: { validateName: nameIsDnsSubdomain },
    subresources: [],
    columns: columnsOf(usage),
    selectableFields: {},
    reader: `${names.plural}.${group}`,
  }
}

function columnsOf<T extends Measured>(usage: (object: T, resource: string) => string): Column<T>[] {
  const column = { type: 'string', description: '', priority: 0 } as const
  return [
    {
      ...{ ...column, name: 'Name', format: 'name', description: 'Name of the resource' },
      cell: ({ metadata }) => metadata.name ?? '',
    },
    ...measured.map(name => ({
      ...{ ...column, name, format: 'quantity' },
      cell: (object: T) => usage(object, name),
    })),
    { ...column, name: 'Window', format: 'duration', cell: ({ window }) => window },
  ]
}

export const nodeMetrics = measuredResource<NodeMetrics>(
  { kind: 'NodeMetrics', plural: 'nodes', namespaced: false },
  ({ usage }, name) => usage[name] ?? '0',
)

export const podMetrics = measuredResource<PodMetrics>(
  { kind: 'PodMetrics', plural: 'pods', namespaced: true },
  ({ containers }, name) => {
    const amounts = containers.map(({ usage }) => parseQuantity(usage[name] ?? '0'))
    return amounts.length === 0 ? '0' : formatQuantity(amounts.reduce(addQuantity))
  },
)

/** Registered where the API is on. */
export const resourceMetrics = [nodeMetrics, podMetrics] as unknown as readonly Resource[]
