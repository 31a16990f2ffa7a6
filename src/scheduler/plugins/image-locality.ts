import type { Pod } from '../../api/types/core-v1.gen.ts'
import { type Cycle, maxNodeScore, type SchedulerPlugin } from '../framework/plugin.ts'
import { type NodeInfo, normalizedImageName } from '../snapshot/node-info.ts'

const mebibyte = 1024 * 1024
const sumMinBytes = 23 * mebibyte
const containerMaxBytes = 1000 * mebibyte

/** Favours nodes that have the pod's images, weighed by size and by how widely they are spread. */
export const imageLocality: SchedulerPlugin = {
  name: 'ImageLocality',
  weight: 1,
  preScore: ({ pod, snapshot }) =>
    imagesOf(pod).some(image => snapshot.imageNodes(image) > 0) ? undefined : 'skip',
  score(cycle, node) {
    const images = imagesOf(cycle.pod)
    const maxBytes = containerMaxBytes * images.length
    const bytes = Math.min(Math.max(presentBytes(cycle, node, images), sumMinBytes), maxBytes)
    return Math.floor((maxNodeScore * (bytes - sumMinBytes)) / (maxBytes - sumMinBytes))
  },
}

function presentBytes({ snapshot }: Cycle, node: NodeInfo, images: readonly string[]): number {
  let sum = 0
  for (const image of images) {
    const bytes = node.images.get(image)
    if (bytes !== undefined) sum += Math.trunc(bytes * (snapshot.imageNodes(image) / snapshot.nodeCount))
  }
  return sum
}

function imagesOf(pod: Pod): string[] {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  return containers.map(container => normalizedImageName(container.image ?? ''))
}
