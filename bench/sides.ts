import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiOf, startHutch, until } from './hutch-process.ts'
import { buildTwin } from './twin-program.ts'

const root = join(import.meta.dir, '..')
const cache = join(root, '.cache/bench')

/** A control plane that runs. */
export interface RunningSide {
  readonly kubeconfig: string
  /** All of its processes: what they spend is what the side costs. */
  readonly pids: readonly number[]
  /** Stops it; its data stay for `restart`. */
  stop(): Promise<void>
  /** Starts it again with the data that it had; resolves when /readyz says ok. */
  restart(): Promise<RunningSide>
  /** Forgets the data. */
  clear(): void
}

export interface Side {
  readonly name: 'Hutch' | 'etcd' | 'kine' | 'twin'
  start(): Promise<RunningSide>
}

/** The all-in-one without a kubelet: API server, controllers and scheduler, as the others have them. */
const hutch: Side = {
  name: 'Hutch',
  start: () => runHutch(mkdtempSync(join(tmpdir(), 'hutch-bench-'))),
}

/** Hutch without the JSON patch kernel. */
const twin: Side = {
  name: 'twin',
  start: async () => runHutch(mkdtempSync(join(tmpdir(), 'hutch-bench-')), await buildTwin()),
}

async function runHutch(directory: string, program?: string): Promise<RunningSide> {
  const server = await startHutch(directory, ['--disable-agent'], { ...(program && { program }) })
  const get = apiOf(server.kubeconfig)
  await until(async () => (await get('/api/v1/namespaces/default')).ok, 'Hutch')
  return {
    kubeconfig: server.kubeconfig,
    pids: [server.pid],
    stop: () => server.stop(),
    restart: () => runHutch(directory, program),
    clear: () => rmSync(directory, { recursive: true, force: true }),
  }
}

function stockOn(name: 'etcd' | 'kine'): Side {
  return {
    name,
    async start() {
      stockCommand(name, 'stop')
      return runStock(name)
    },
  }
}

function runStock(store: 'etcd' | 'kine'): RunningSide {
  const kubeconfig = stockCommand(store, 'start').split('\n').at(-1)!
  const status = stockCommand(store, 'status')
  return {
    kubeconfig,
    pids: [...status.matchAll(/runs, process (\d+)$/gm)].map(([, pid]) => Number(pid)),
    stop: async () => void stockCommand(store, 'stop', { HUTCH_STOCK_KEEP: '1' }),
    restart: async () => runStock(store),
    clear: () => void stockCommand(store, 'stop'),
  }
}

function stockCommand(store: string, command: string, more: Record<string, string> = {}): string {
  const env = {
    ...process.env,
    HUTCH_STOCK_DIR: join(cache, store),
    HUTCH_STOCK_STORE: store,
    HUTCH_STOCK_FSYNC: '1',
    HUTCH_STOCK_OWNER: String(process.pid),
    ...(command === 'start' && { HUTCH_STOCK_KEEP: '1' }),
    ...more,
  }
  const run = Bun.spawnSync([join(root, 'scripts/stock'), command], { env, stderr: 'inherit' })
  if (run.exitCode !== 0) throw new Error(`scripts/stock ${command} with ${store} failed`)
  return run.stdout.toString().trim()
}

/** Hutch first; every other one is what it is compared with. The twin is measured only when it is asked for. */
export const sides: readonly Side[] = [hutch, stockOn('etcd'), stockOn('kine'), twin]
export const usualSides: readonly string[] = ['Hutch', 'etcd', 'kine']
