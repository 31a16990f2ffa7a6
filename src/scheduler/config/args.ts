import type { PluginArgs } from '../framework/handle.ts'
import { type Fields, listOf, numberAt, only, refuse, textAt, valueAt } from './fields.ts'

/** The arguments of a plugin, checked. Throws a sentence that names the field. */
export function readArgs(plugin: string, value: unknown, path: string): PluginArgs {
  const { apiVersion: _version, kind: _kind, ...args } = valueAt({ [path]: value }, path)
  const read = readers[plugin]
  if (read) read(args, `${path}.`)
  else only(args, [], `${path}.`)
  return args
}

type Reader = (args: Fields, path: string) => void

const readers: Readonly<Record<string, Reader | undefined>> = {
  InterPodAffinity(args, path) {
    only(args, ['hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods'], path)
    range(args, 'hardPodAffinityWeight', { least: 0, most: 100, fallback: 1 }, path)
  },
  DefaultPreemption(args, path) {
    only(args, ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute'], path)
    range(args, 'minCandidateNodesPercentage', { least: 0, most: 100, fallback: 10 }, path)
    range(
      args,
      'minCandidateNodesAbsolute',
      { least: 0, most: Number.POSITIVE_INFINITY, fallback: 100 },
      path,
    )
  },
  VolumeBinding(args, path) {
    only(args, ['bindTimeoutSeconds'], path)
    range(args, 'bindTimeoutSeconds', { least: 0, most: Number.POSITIVE_INFINITY, fallback: 600 }, path)
  },
  PodTopologySpread: readSpread,
  NodeResourcesFit(args, path) {
    only(args, ['scoringStrategy'], path)
    const strategy = valueAt(args, 'scoringStrategy')
    only(strategy, ['type', 'resources'], `${path}scoringStrategy.`)
    const type = textAt(strategy, 'type', 'LeastAllocated')
    if (type !== 'LeastAllocated') refuse(`${path}scoringStrategy.type`, `"${type}" is not supported`)
    requireCpuAndMemory(strategy, `${path}scoringStrategy.resources`)
  },
  NodeResourcesBalancedAllocation(args, path) {
    only(args, ['resources'], path)
    requireCpuAndMemory(args, `${path}resources`)
  },
}

function range(
  args: Fields,
  name: string,
  { least, most, fallback }: { least: number; most: number; fallback: number },
  path: string,
): void {
  const value = numberAt(args, name, fallback)
  if (value < least || value > most) refuse(`${path}${name}`, `must be from ${least} to ${most}`)
}

function requireCpuAndMemory(fields: Fields, path: string): void {
  if (fields.resources === undefined) return
  const weights = listOf(fields.resources, path).map(({ name, weight = 1 }) => `${name}=${weight}`)
  if (weights.sort().join(' ') !== 'cpu=1 memory=1')
    refuse(path, 'other than cpu and memory of weight 1 are not supported')
}

function readSpread(args: Fields, path: string): void {
  only(args, ['defaultingType', 'defaultConstraints'], path)
  const type = textAt(args, 'defaultingType', 'System')
  const constraints = listOf(args.defaultConstraints ?? [], `${path}defaultConstraints`)
  if (type !== 'System' && type !== 'List') refuse(`${path}defaultingType`, 'must be System or List')
  if (type === 'System' && constraints.length > 0)
    refuse(`${path}defaultConstraints`, 'must be empty when .defaultingType is "System"')
  for (const [index, constraint] of constraints.entries()) {
    const where = `${path}defaultConstraints[${index}].`
    only(constraint, ['maxSkew', 'topologyKey', 'whenUnsatisfiable'], where)
    if (numberAt(constraint, 'maxSkew', 0) <= 0) refuse(`${where}maxSkew`, 'must be greater than zero')
    if (!textAt(constraint, 'topologyKey', '')) refuse(`${where}topologyKey`, 'can not be empty')
    const when = textAt(constraint, 'whenUnsatisfiable', '')
    if (when !== 'DoNotSchedule' && when !== 'ScheduleAnyway')
      refuse(`${where}whenUnsatisfiable`, 'must be DoNotSchedule or ScheduleAnyway')
  }
}
