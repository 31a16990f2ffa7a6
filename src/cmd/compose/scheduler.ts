import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { createClient } from '../../client/client.ts'
import { createSeriesRecorder } from '../../client/series-events.ts'
import { createLabelIndex } from '../../kernels/label-index-wasm.ts'
import { createNodeColumns } from '../../kernels/node-columns-wasm.ts'
import { readConfiguration, type SchedulerConfiguration } from '../../scheduler/config/read.ts'
import { loadComponentPlugin } from '../../scheduler/plugins/component-plugin.ts'
import { defaultProfile, withPlugins } from '../../scheduler/profiles.ts'
import { createScheduler } from '../../scheduler/scheduler.ts'
import { componentUsers } from '../../server/authn/identity.ts'
import type { Runnable } from '../../std/ports.ts'
import { componentValues } from '../component-arguments.ts'
import { durationMs } from '../flag-makers.ts'
import { type FlagReader, flagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import type { ControlPlane } from './control-plane.ts'

const controller = 'default-scheduler'

/** The scheduler with the profiles of `--scheduler-config` and the plugins of `--scheduler-plugin`. */
export async function schedulerPart(plane: ControlPlane, flags: FlagReader): Promise<Runnable> {
  const extra = await loadPlugins(flags.list('scheduler-plugin'))
  const { profiles, backoff } = await readConfig(flags.text('scheduler-config'))
  const program = 'kube-scheduler'
  const own = flagReader(componentValues(program, flags.list(`${program}-arg`)))
  const waitingMaxMs = durationMs(own.text('pod-max-in-unschedulable-pods-duration'))
  const all = profiles.map(profile => withPlugins(profile, extra))
  return (ports, signal) => {
    const client = createClient(plane.as(componentUsers.scheduler))
    const instance = `${controller}-${hostname()}`
    const recorder = createSeriesRecorder({ client, ports, signal, controller, instance })
    const kernels = { columns: createNodeColumns(), labels: createLabelIndex() }
    const options = { client, recorder, kernels, profiles: all, waitingMaxMs, ...(backoff && { backoff }) }
    return createScheduler(options)(ports, signal)
  }
}

async function readConfig(
  path: string | undefined,
): Promise<Partial<SchedulerConfiguration> & Pick<SchedulerConfiguration, 'profiles'>> {
  if (!path) return { profiles: [defaultProfile()] }
  try {
    const { parse } = await import('yaml')
    return readConfiguration(parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message}`, 'Check --scheduler-config.')
  }
}

function loadPlugins(paths: readonly string[]) {
  return Promise.all(
    paths.map(path =>
      loadComponentPlugin(path).catch(error => {
        throw new UserError((error as Error).message, 'Check --scheduler-plugin.')
      }),
    ),
  )
}
