import type { Pod } from '../api/types/core-v1.gen.ts'
import type { Handle, PluginArgs, PluginFactory } from './framework/handle.ts'
import type { CycleMeter } from './framework/meter.ts'
import type { SchedulerPlugin } from './framework/plugin.ts'
import { createCycleMeter, samplePlugins } from './plugin-metrics.ts'
import { defaultPlugins } from './plugins/index.ts'

export const defaultSchedulerName = 'default-scheduler'

/** Which plugins judge the pods that ask for this scheduler by name, in this order. */
export interface ProfileSpec {
  readonly schedulerName: string
  readonly plugins: readonly PluginSpec[]
  /** Of the nodes that will do, among how many the best is chosen; see `nodesToFind`. */
  readonly percentageOfNodesToScore?: number
}

export interface PluginSpec {
  readonly make: PluginFactory
  readonly args: PluginArgs
  /** Overrides the plugin's own. */
  readonly weight?: number
  /** Extension points that the profile turned off. */
  readonly without?: readonly (keyof SchedulerPlugin)[]
}

/** The profile of a scheduler without configuration. */
export function defaultProfile(): ProfileSpec {
  return {
    schedulerName: defaultSchedulerName,
    plugins: [...defaultPlugins.values()].map(make => ({ make, args: {} })),
  }
}

/** The same with these plugins besides. */
export function withPlugins(profile: ProfileSpec, extra: readonly SchedulerPlugin[]): ProfileSpec {
  const more = extra.map(plugin => ({ make: () => plugin, args: {} }))
  return { ...profile, plugins: [...profile.plugins, ...more] }
}

/** The plugins of all profiles, made and ready. */
export interface Profiles {
  /** Undefined for a pod that another scheduler is responsible for. */
  of(pod: Pod): readonly SchedulerPlugin[] | undefined
  /** What the next cycle for this pod is to be done with and measured by. */
  forCycle(pod: Pod): Pick<Profile, 'meter' | 'percentage'> & { readonly plugins: readonly SchedulerPlugin[] }
  all(): readonly SchedulerPlugin[]
}

interface Profile {
  readonly plugins: readonly SchedulerPlugin[]
  readonly sample: () => readonly SchedulerPlugin[]
  readonly meter: CycleMeter
  readonly percentage: number
}

export function createProfiles(specs: readonly ProfileSpec[], handle: Handle): Profiles {
  const profiles = specs.map(
    ({ schedulerName, plugins: given, percentageOfNodesToScore: percentage = 0 }): [string, Profile] => {
      const plugins = given.map(spec => assemble(spec, handle))
      const meter = createCycleMeter(handle.ports, schedulerName)
      return [schedulerName, { plugins, sample: samplePlugins(handle.ports, plugins), meter, percentage }]
    },
  )
  const byName = new Map(profiles)
  const profileOf = (pod: Pod) => byName.get(pod.spec?.schedulerName ?? defaultSchedulerName)
  return {
    of: pod => profileOf(pod)?.plugins,
    forCycle(pod) {
      const profile = profileOf(pod)
      if (!profile) throw new Error(`nobody schedules for ${pod.spec?.schedulerName}`)
      return { plugins: profile.sample(), meter: profile.meter, percentage: profile.percentage }
    },
    all: () => profiles.flatMap(([, { plugins }]) => plugins),
  }
}

function assemble({ make, args, weight, without }: PluginSpec, handle: Handle): SchedulerPlugin {
  const plugin = make(handle, args)
  if (weight === undefined && !without?.length) return plugin
  const off = Object.fromEntries((without ?? []).map(point => [point, undefined]))
  return { ...plugin, ...(weight === undefined ? {} : { weight }), ...off }
}
