import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Side, sideOf } from './side.ts'

const root = join(import.meta.dir, '../..')

/** Both servers, alone with their stores: no controller writes between two questions. */
export interface Stage {
  readonly ours: Side
  readonly theirs: Side
  close(): Promise<void>
}

const cache =
  process.env.HUTCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hutch')

/** Where scripts/stock puts what it builds, kubectl among it. */
export const stockPrograms = join(cache, 'stock/bin')

/** Why the stock server cannot run here; undefined when it can. */
export function stockMissing(): string | undefined {
  if (!Bun.which('openssl') || !Bun.which('curl')) return 'openssl and curl are not both installed'
  if (existsSync(join(stockPrograms, 'pins')) || Bun.which('go')) return undefined
  return `no stock control plane in ${cache} and no Go to build it`
}

export async function openStage(): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-oracle-'))
  const env = { ...process.env, HUTCH_STOCK_DIR: join(directory, 'stock') }
  const stock = async (...words: string[]) => {
    const run = Bun.spawn([join(root, 'scripts/stock'), ...words], { env, stdout: 'pipe', stderr: 'inherit' })
    const said = await new Response(run.stdout).text()
    if ((await run.exited) !== 0) throw new Error(`scripts/stock ${words.join(' ')} failed`)
    return said.trim()
  }
  const hutch = await startHutch(directory)
  try {
    const theirs = sideOf(await stock('start', 'accounts'))
    const ours = sideOf(await hutch.kubeconfig)
    return {
      ours,
      theirs,
      async close() {
        hutch.child.kill()
        await Promise.all([hutch.child.exited, stock('stop')])
        rmSync(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    hutch.child.kill()
    await stock('stop')
    throw error
  }
}

async function startHutch(directory: string) {
  const path = join(directory, 'kubeconfig')
  const child = Bun.spawn(
    [
      ...['bun', 'run', join(root, 'src/cmd/hutch.ts'), 'server', '--disable-agent'],
      ...[
        '--disable',
        'scheduler,controller-manager,dns,proxy,metrics-server',
        '--datastore-endpoint',
        'memory',
      ],
      ...['--service-cidr', '10.96.0.0/16'],
      ...['--data-dir', join(directory, 'data'), '--write-kubeconfig', path, '--bind-address', '127.0.0.1'],
      ...['--https-listen-port', String(await freePort()), '--log-level', 'warn'],
    ],
    { stdout: 'ignore', stderr: 'inherit' },
  )
  return { child, kubeconfig: appears(directory, 'kubeconfig', child) }
}

/** The path of a file as soon as it is there; fails when the program ends before. */
async function appears(directory: string, name: string, child: Bun.Subprocess): Promise<string> {
  while (!readdirSync(directory).includes(name)) {
    if (child.exitCode !== null) throw new Error(`hutch ended with ${child.exitCode}`)
    await Bun.sleep(50)
  }
  return join(directory, name)
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer()
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number }
    server.close(() => resolve(port))
  })
  return promise
}
