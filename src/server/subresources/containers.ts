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
  const names = (list: readonly { name: string }[]) => `[${list.map(each => each.name).join(' ')}]`
  const choice = containers.length > 1 ? `, choose one of: ${names(containers)}` : ''
  const init = initContainers.length > 0 ? ` or one of the init containers: ${names(initContainers)}` : ''
  throw badRequest(`a container name must be specified for pod ${name}${choice}${init}`)
}
