import type { PluginArgs } from '../framework/handle.ts'
import { strategies } from '../plugins/resource-scores.ts'
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
    only(args, ['scoringStrategy', 'ignoredResources', 'ignoredResourceGroups'], path)
    texts(args.ignoredResources, `${path}ignoredResources`)
    texts(args.ignoredResourceGroups, `${path}ignoredResourceGroups`)
    readStrategy(valueAt(args, 'scoringStrategy'), `${path}scoringStrategy.`)
  },
  NodeResourcesBalancedAllocation(args, path) {
    only(args, ['resources'], path)
    readWeights(args.resources, `${path}resources`, 1)
  },
}

function readStrategy(strategy: Fields, path: string): void {
  only(strategy, ['type', 'resources', 'requestedToCapacityRatio'], path)
  const type = textAt(strategy, 'type', 'LeastAllocated')
  if (!Object.hasOwn(strategies, type)) refuse(`${path}type`, `"${type}" is not supported`)
  readWeights(strategy.resources, `${path}resources`, 100)
  if (type !== 'RequestedToCapacityRatio') return
  const ratio = valueAt(strategy, 'requestedToCapacityRatio')
  const where = `${path}requestedToCapacityRatio.shape`
  const points = listOf(ratio.shape ?? [], where)
  if (points.length === 0) refuse(where, 'at least one point must be specified')
  let last = -1
  for (const [index, point] of points.entries()) {
    const at = `${where}[${index}].`
    range(point, 'utilization', { least: 0, most: 100, fallback: -1 }, at)
    range(point, 'score', { least: 0, most: 10, fallback: -1 }, at)
    const utilization = numberAt(point, 'utilization', 0)
    if (utilization <= last)
      refuse(`${at}utilization`, 'utilization values must be sorted in increasing order')
    last = utilization
  }
}

function readWeights(value: unknown, path: string, most: number): void {
  if (value === undefined) return
  for (const [index, entry] of listOf(value, path).entries()) {
    if (!textAt(entry, 'name', '')) refuse(`${path}[${index}].name`, 'can not be empty')
    range(entry, 'weight', { least: 1, most, fallback: 1 }, `${path}[${index}].`)
  }
}

function texts(value: unknown, path: string): void {
  const ok = value === undefined || (Array.isArray(value) && value.every(item => typeof item === 'string'))
  if (!ok) refuse(path, 'must be a list of strings')
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
