import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { tied } from '../tied.ts'
import { type Side, sideOf } from './side.ts'
import { startStock } from './stock.ts'

const root = join(import.meta.dir, '../..')

/** Both servers, alone with their stores: no controller writes between two questions. */
export interface Stage {
  readonly ours: Side
  readonly theirs: Side
  close(): Promise<void>
}

/** Further flags of the two servers; `both` know them by the same names. */
export interface StageFlags {
  readonly both?: readonly string[]
  readonly hutch?: readonly string[]
  readonly stock?: readonly string[]
}

export async function openStage({ both = [], hutch: ours = [], stock: theirs = [] }: StageFlags = {}) {
  await using opened = new AsyncDisposableStack()
  const hutch = opened.use(await startHutch([...both, ...ours]))
  const stock = opened.use(
    await startStock('accounts', { HUTCH_STOCK_FLAGS: [...both, ...theirs].join(' ') }),
  )
  const sides = { ours: sideOf(await hutch.kubeconfig()), theirs: sideOf(stock.kubeconfig) }
  const kept = opened.move()
  return { ...sides, close: () => kept.disposeAsync() } satisfies Stage
}

async function startHutch(flags: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-oracle-'))
  const path = join(directory, 'kubeconfig')
  const child = Bun.spawn(
    [
      ...[...tied, 'bun', 'run', join(root, 'src/cmd/hutch.ts'), 'server', '--disable-agent'],
      ...[
        '--disable',
        'scheduler,controller-manager,dns,proxy,metrics-server',
        '--datastore-endpoint',
        'memory',
      ],
      ...['--service-cidr', '10.96.0.0/16', ...flags],
      ...['--data-dir', join(directory, 'data'), '--write-kubeconfig', path, '--bind-address', '127.0.0.1'],
      ...['--https-listen-port', String(await freePort()), '--log-level', 'warn'],
    ],
    { stdout: 'ignore', stderr: 'inherit' },
  )
  return {
    kubeconfig: () => appears(directory, 'kubeconfig', child),
    async [Symbol.asyncDispose]() {
      child.kill()
      await child.exited
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The path of a file as soon as it is there; fails when the program ends before. */
async function appears(directory: string, name: string, child: Bun.Subprocess): Promise<string> {
  while (!readdirSync(directory).includes(name)) {
    const ended = child.exitCode ?? child.signalCode
    if (ended !== null) throw new Error(`hutch ended with ${ended}`)
    await Bun.sleep(50)
  }
  return join(directory, name)
}
