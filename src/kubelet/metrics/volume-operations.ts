import type { Volume } from '../../api/types/core-v1.gen.ts'
import type { HistogramSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'

/** Upstream's plugins for the types of volumes that this node has. */
const plugins: Readonly<Partial<Record<keyof Volume, string>>> = {
  configMap: 'kubernetes.io/configmap',
  downwardAPI: 'kubernetes.io/downward-api',
  emptyDir: 'kubernetes.io/empty-dir',
  hostPath: 'kubernetes.io/host-path',
  projected: 'kubernetes.io/projected',
  secret: 'kubernetes.io/secret',
}
const noPlugin = 'N/A'

/** All that `volumePlugin` may answer. */
export const volumePlugins: readonly string[] = [...Object.values(plugins), noPlugin]

/** What metrics call the plugin for volumes of this type. */
export function volumePlugin(type: string): string {
  return plugins[type as keyof Volume] ?? noPlugin
}

/** Of upstream's pkg/volume/util/metrics.go. */
const operationSeconds: HistogramSpec = {
  name: 'storage_operation_duration_seconds',
  help: 'Storage operation duration',
  labels: ['volume_plugin', 'operation_name', 'status', 'migrated'],
  stability: 'ALPHA',
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600],
}

/** Does something to a volume of this type and times it. */
export type VolumeMeter = <T>(
  type: string,
  operation: 'volume_mount' | 'volume_unmount',
  run: () => Promise<T>,
) => Promise<T>

export function createVolumeMeter({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): VolumeMeter {
  const seconds = metrics.histogram(operationSeconds)
  return async (type, operation, run) => {
    const startMs = clock.monotonicMs()
    const took = (status: 'success' | 'fail-unknown') =>
      seconds
        .with(volumePlugin(type), operation, status, 'false')
        .observe((clock.monotonicMs() - startMs) / 1000)
    try {
      const done = await run()
      took('success')
      return done
    } catch (error) {
      took('fail-unknown')
      throw error
    }
  }
}
