import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { SampleFamily } from '../stats/samples.ts'
import type { ApiOptions } from './sources.ts'

/** `/metrics`: what the kubelet tells of itself, under upstream's names (pkg/kubelet/metrics). */
export async function kubeletFamilies({ workers, config, runtime }: ApiOptions): Promise<SampleFamily[]> {
  const all = workers().list()
  const { sandboxes, containers } = await runtime.containers.list()
  const states = Map.groupBy(containers, ({ state }) => state)
  const desired = Map.groupBy(all, ({ pod }) => (isFromFile(pod) ? 'true' : ''))
  return [
    {
      name: 'kubelet_node_name',
      help: "[ALPHA] The node's name. The count is always 1.",
      type: 'gauge',
      samples: [{ labels: { node: config.nodeName }, value: 1 }],
    },
    {
      name: 'kubelet_running_pods',
      help: '[ALPHA] Number of pods that have a running pod sandbox',
      type: 'gauge',
      samples: [{ value: sandboxes.filter(({ ready }) => ready).length }],
    },
    {
      name: 'kubelet_running_containers',
      help: '[ALPHA] Number of containers currently running',
      type: 'gauge',
      samples: [...states].map(([state, { length }]) => ({
        labels: { container_state: state },
        value: length,
      })),
    },
    {
      name: 'kubelet_desired_pods',
      help: '[ALPHA] The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.',
      type: 'gauge',
      samples: (['', 'true'] as const).map(label => ({
        labels: { static: label },
        value: desired.get(label)?.length ?? 0,
      })),
    },
  ]
}

function isFromFile({ metadata }: Pod): boolean {
  return metadata.annotations?.['kubernetes.io/config.source'] === 'file'
}
