import { readFileSync, unwatchFile, watch, watchFile } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, resolve } from 'node:path'
import { identityOf } from '../../server/identity-lease.ts'
import { hashLabel } from '../../server/metrics/hash-label.ts'
import type { MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'

export interface ConfiguredFile {
  readonly path: string
  /** The flag that named it. */
  readonly flag: string
  /** Takes the file's text from now on; throws `Error` and changes nothing when it is not usable. */
  readonly apply: (text: string) => void | Promise<void>
  /** What of upstream tells of its reloads (`authentication`); absent where nothing does. */
  readonly told?: { readonly subsystem: string; readonly stability: 'ALPHA' | 'BETA' }
}

type FilePorts = Pick<Ports, 'log' | 'metrics' | 'clock'>

const lookMs = 60_000

/**
 * Reads a configuration file now, where a fault is a `UserError`, and again whenever it changes, where a fault is
 * logged and the configuration before it stays.
 */
export async function openConfiguredFile(
  file: ConfiguredFile,
  ports: FilePorts,
  signal: AbortSignal,
): Promise<void> {
  const { path, flag, apply, told } = file
  const tell = told ? reloadMeter(told, ports) : undefined
  let seen = readConfigured(path, flag)
  try {
    await apply(seen)
  } catch (error) {
    throw unusable(path, flag, error)
  }
  tell?.inUse(seen)
  const look = async () => {
    try {
      const text = readConfigured(path, flag)
      if (text === seen) return
      seen = text
      await apply(text)
      ports.log.info('configuration taken anew', { flag, path })
      tell?.reloaded(text)
    } catch (error) {
      const reason = (error as Error).message
      ports.log.error('the changed configuration is not usable; the one before stays', { flag, path, reason })
      tell?.failed()
    }
  }
  let looking = Promise.resolve()
  followFile(path, ports, signal, () => {
    looking = looking.then(look)
  })
}

/** Calls `changed` at once where the system tells of changes in the folder, and within a minute everywhere. */
export function followFile(
  path: string,
  { log }: Pick<Ports, 'log'>,
  signal: AbortSignal,
  changed: () => void,
): void {
  watchFile(path, { interval: lookMs, persistent: false }, changed)
  signal.addEventListener('abort', () => unwatchFile(path, changed), { once: true })
  // The folder, not the file: editors and kubelets (by the link `..data`) put another file in its place.
  const isMeant = (name: string | null) => name === null || name === basename(path) || name.startsWith('..')
  try {
    const folder = watch(dirname(path), { persistent: false }, (_, name) => isMeant(name) && changed())
    folder.on('error', error => log.warn('a folder is not followed', { path, reason: error.message }))
    signal.addEventListener('abort', () => folder.close(), { once: true })
  } catch (error) {
    log.warn('a folder is not followed', { path, reason: (error as Error).message })
  }
}

/** Upstream's metrics of configurations that are read again (apiserver pkg/server/options/…config/metrics). */
function reloadMeter(
  { subsystem, stability }: NonNullable<ConfiguredFile['told']>,
  { metrics, clock }: { readonly metrics: Metrics; readonly clock: FilePorts['clock'] },
) {
  const name = (rest: string) => `apiserver_${subsystem}_config_controller_${rest}`
  const server = hashLabel(identityOf(hostname()))
  const byStatus = (rest: string, help: string): MetricSpec => ({
    ...{ name: name(rest), help, stability, labels: ['status', 'apiserver_id_hash'] },
  })
  const total = metrics.counter(byStatus('automatic_reloads_total', 'Times that the changed file was read.'))
  const last = metrics.gauge(
    byStatus(
      'automatic_reload_last_timestamp_seconds',
      'When the changed file was last read, in Unix seconds.',
    ),
  )
  const info = metrics.gauge({
    ...{ name: name('last_config_info'), stability: 'ALPHA', labels: ['apiserver_id_hash', 'hash'] },
    help: 'The file that is in use, by its hash.',
  })
  let used = ''
  const tell = (status: string) => {
    total.with(status, server).inc()
    last.with(status, server).set(clock.nowMs() / 1000)
  }
  const inUse = (text: string) => {
    info.drop(server, used)
    used = hashLabel(text)
    info.with(server, used).set(1)
  }
  return {
    inUse,
    failed: () => tell('failure'),
    reloaded(text: string) {
      tell('success')
      inUse(text)
    },
  }
}

/** Reads files that a configuration names, relative paths as from its own folder. */
export function readBeside(configuration: string, flag: string): (path: string) => string {
  return path => readConfigured(resolve(dirname(configuration), path), flag)
}

/** What `work` makes of the file that a flag names; what it throws names both. */
export function usable<T>(path: string, flag: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw unusable(path, flag, error)
  }
}

function unusable(path: string, flag: string, error: unknown): unknown {
  return error instanceof UserError ? error : new UserError(`--${flag}: ${path}: ${(error as Error).message}`)
}

/** The text of a file that a flag names, or a `UserError` that names both. */
export function readConfigured(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(`--${flag}: ${(error as Error).message}`, 'Check the path.')
  }
}
