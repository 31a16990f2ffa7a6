import type { PluginArgs, PluginFactory } from '../framework/handle.ts'
import type { SchedulerPlugin } from '../framework/plugin.ts'
import { defaultPlugins } from '../plugins/index.ts'
import { defaultSchedulerName, type PluginSpec, type ProfileSpec } from '../profiles.ts'
import type { QueueBackoff } from '../queue/scheduling-queue.ts'
import { type Fields, listOf, numberAt, only, refuse, textAt, valueAt } from './fields.ts'

/** What a KubeSchedulerConfiguration says. */
export interface SchedulerConfiguration {
  readonly profiles: readonly ProfileSpec[]
  readonly backoff: QueueBackoff
}

const version = 'kubescheduler.config.k8s.io/v1'

/** Fields that mean nothing to a scheduler that shares a process, a client and a leader with others. */
const outOfPlace = [
  'clientConnection',
  'leaderElection',
  'parallelism',
  'enableProfiling',
  'delayCacheUntilActive',
]

/**
 * Reads a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) that was parsed from YAML or JSON. Throws a
 * sentence that names the field for everything that is wrong or that this scheduler does not have.
 */
export function readConfiguration(value: unknown): SchedulerConfiguration {
  const config = valueAt({ value }, 'value')
  if (config.apiVersion !== version || config.kind !== 'KubeSchedulerConfiguration')
    refuse('apiVersion and kind', `must be ${version} KubeSchedulerConfiguration`)
  for (const field of outOfPlace) if (config[field] !== undefined) refuse(field, 'is not supported')
  if (config.extenders !== undefined)
    refuse('extenders', 'are not supported; a plugin can be a WASM component')
  const known = ['apiVersion', 'kind', 'profiles', 'podInitialBackoffSeconds', 'podMaxBackoffSeconds']
  only(config, [...known, 'percentageOfNodesToScore'], '')
  const initialMs = 1000 * numberAt(config, 'podInitialBackoffSeconds', 1)
  const maxMs = 1000 * numberAt(config, 'podMaxBackoffSeconds', 10)
  if (initialMs <= 0 || maxMs < initialMs)
    refuse('podMaxBackoffSeconds', 'must be greater than or equal to podInitialBackoffSeconds, both above 0')
  const profiles = config.profiles === undefined ? [{}] : listOf(config.profiles, 'profiles')
  const everywhere = percentageAt(config, '')
  const read = profiles.map((profile, index) => readProfile(profile, index, everywhere))
  return { profiles: distinct(read), backoff: { initialMs, maxMs } }
}

function percentageAt(fields: Fields, path: string, fallback = 0): number {
  const percentage = numberAt(fields, 'percentageOfNodesToScore', fallback)
  if (!Number.isInteger(percentage) || percentage < 0 || percentage > 100)
    refuse(`${path}percentageOfNodesToScore`, `${percentage} is not in valid range [0-100]`)
  return percentage
}

function distinct(profiles: readonly ProfileSpec[]): readonly ProfileSpec[] {
  const names = profiles.map(({ schedulerName }) => schedulerName)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) refuse('profiles', `Duplicate value: "${twice}"`)
  return profiles
}

function readProfile(profile: Fields, index: number, everywhere: number): ProfileSpec {
  const path = `profiles[${index}].`
  only(profile, ['schedulerName', 'plugins', 'pluginConfig', 'percentageOfNodesToScore'], path)
  const args = new Map(
    listOf(profile.pluginConfig ?? [], `${path}pluginConfig`).map(({ name, args: given }, at) => {
      const where = `${path}pluginConfig[${at}]`
      const plugin = defaultPlugins.get(String(name))
      if (!plugin) refuse(`${where}.name`, `"${name}" is not a plugin`)
      return [String(name), readArgs(plugin, given, `${where}.args`)] as const
    }),
  )
  return {
    schedulerName: textAt(profile, 'schedulerName', defaultSchedulerName),
    plugins: readPlugins(valueAt(profile, 'plugins'), args, `${path}plugins`),
    percentageOfNodesToScore: percentageAt(profile, path, everywhere),
  }
}

function readArgs({ check }: PluginFactory, value: unknown, path: string): PluginArgs {
  const { apiVersion: _version, kind: _kind, ...args } = valueAt({ [path]: value }, path)
  if (check) check(args, `${path}.`)
  else only(args, [], `${path}.`)
  return args
}

/** The members of a plugin that belong to an extension point. */
const points: Readonly<Record<string, readonly (keyof SchedulerPlugin)[]>> = {
  preEnqueue: ['preEnqueue'],
  preFilter: ['preFilter'],
  filter: ['filter', 'filterColumns'],
  postFilter: ['postFilter'],
  preScore: ['preScore'],
  score: ['score', 'scoreColumns', 'normalize'],
  reserve: ['reserve', 'unreserve'],
  permit: ['permit'],
  preBind: ['preBind', 'preparesBinding'],
  bind: ['bind'],
  postBind: ['postBind'],
}

/** Always there: the order of the queue and the binding itself. */
const fixed = ['PrioritySort', 'DefaultBinder']

interface Choice {
  weight?: number
  readonly without: Set<string>
}

function readPlugins(
  plugins: Fields,
  args: ReadonlyMap<string, PluginArgs>,
  path: string,
): readonly PluginSpec[] {
  only(plugins, ['multiPoint', 'queueSort', ...Object.keys(points)], `${path}.`)
  const everywhere = readSet(plugins, 'multiPoint', path)
  const chosen = new Map<string, Choice>()
  const isOff = (name: string) => everywhere.disabled.has('*') || everywhere.disabled.has(name)
  for (const name of defaultPlugins.keys()) if (!isOff(name)) chosen.set(name, { without: new Set() })
  for (const [name, weight] of everywhere.enabled) chosen.set(name, { ...choiceOf(chosen, name), ...weight })
  readSet(plugins, 'queueSort', path)
  for (const point of Object.keys(points)) applyPoint(chosen, point, readSet(plugins, point, path))
  return [...defaultPlugins].flatMap(([name, make]) => {
    const choice = chosen.get(name)
    if (!choice) return []
    const without = [...choice.without].flatMap(point => points[point]!)
    return [{ make, args: args.get(name) ?? {}, without, ...(choice.weight && { weight: choice.weight }) }]
  })
}

function choiceOf(chosen: ReadonlyMap<string, Choice>, name: string): Choice {
  return chosen.get(name) ?? { without: new Set() }
}

function applyPoint(chosen: Map<string, Choice>, point: string, { enabled, disabled }: PluginSet): void {
  for (const [name, choice] of chosen) if (disabled.has('*') || disabled.has(name)) choice.without.add(point)
  for (const [name, weight] of enabled) {
    const choice = chosen.get(name) ?? { without: new Set(Object.keys(points)) }
    choice.without.delete(point)
    chosen.set(name, { ...choice, ...weight })
  }
}

interface PluginSet {
  readonly enabled: ReadonlyMap<string, { readonly weight?: number }>
  readonly disabled: ReadonlySet<string>
}

function readSet(plugins: Fields, point: string, path: string): PluginSet {
  const set = valueAt(plugins, point)
  only(set, ['enabled', 'disabled'], `${path}.${point}.`)
  const names = (list: 'enabled' | 'disabled') =>
    listOf(set[list] ?? [], `${path}.${point}.${list}`).map((entry, index) => {
      const where = `${path}.${point}.${list}[${index}].name`
      const name = textAt(entry, 'name', '')
      const known = defaultPlugins.has(name) || fixed.includes(name) || (list === 'disabled' && name === '*')
      if (!known) refuse(where, `"${name}" is not a plugin`)
      if (list === 'disabled' && fixed.includes(name)) refuse(where, `"${name}" cannot be disabled`)
      return [name, entry.weight === undefined ? {} : { weight: numberAt(entry, 'weight', 1) }] as const
    })
  return {
    enabled: new Map(names('enabled').filter(([name]) => !fixed.includes(name))),
    disabled: new Set(names('disabled').map(([name]) => name)),
  }
}
