import type { Pod } from '../../api/types/core-v1.gen.ts'
import { badRequest } from '../../machinery/status/errors.ts'

/** The container that a log, exec or attach is about; 400 with upstream's texts (registry/core/pod validateContainer). */
export function chosenContainer(pod: Pod, asked: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {}
  const { name = '' } = pod.metadata
  if (asked !== '') {
    const known = [...containers, ...initContainers, ...ephemeralContainers].some(each => each.name === asked)
    if (known) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  if (containers.length === 1) return containers[0]!.name
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(each => each.name)
  const choice = containers.length > 1 ? `, choose one of: [${names.join(' ')}]` : ''
  throw badRequest(`a container name must be specified for pod ${name}${choice}`)
}
