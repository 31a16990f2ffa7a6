import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, type Lan, type Machine, must, openLan, reapLan, run } from '../tests/cluster/lan.ts'
import { checkout, paths } from './state.ts'

/** Two schedulable nodes, and a machine beside them from which the suite runs. */
export interface Cluster {
  readonly outside: Machine
  readonly kubeconfig: string
  readonly logs: readonly string[]
  close(): Promise<void>
}

/** Checks the last commit out beside the checkout and answers it: what runs is what was committed. */
export async function checkOut(): Promise<string> {
  const commit = (await must(['git', '-C', checkout, 'rev-parse', 'HEAD'])).trim()
  rmSync(paths.tree, { recursive: true, force: true })
  await must(['git', 'clone', '--quiet', '--shared', '--no-checkout', checkout, paths.tree])
  await must(['git', '-C', paths.tree, 'checkout', '--quiet', commit])
  symlinkSync(join(checkout, 'node_modules'), join(paths.tree, 'node_modules'))
  return commit
}

/** Starts the checked out Hutch on two machines and waits until both nodes are ready. */
export async function startCluster(): Promise<Cluster> {
  await reapLan(paths.lan)
  const lan = await openLan(['first', 'second'], {
    dir: paths.lan,
    podmanArgs: [`--storage-opt=additionalimagestore=${paths.store}`],
  })
  const process = startServer(lan)
  const local = join(lan.dir, 'kubeconfig')
  const kubeconfig = join(lan.dir, 'kubeconfig-outside')
  const kubectl = (...words: string[]) => [
    ...[...lan.outside.enter, join(paths.programs, 'kubectl'), `--kubeconfig=${kubeconfig}`],
    ...words,
  ]
  const server = `https://${lan.machines[0]!.address}:6443`
  while (!existsSync(local)) {
    if (!process.running()) throw new Error(`the server ended: see ${paths.logs}/server.log`)
    await Bun.sleep(200)
  }
  // The administrator sits on another machine.
  writeFileSync(kubeconfig, readFileSync(local, 'utf8').replace('https://127.0.0.1:6443', server), {
    mode: 0o600,
  })
  await eventually('the server', () => run(kubectl('get', '--raw', '/readyz')), ok)
  await startAgent(lan, server, kubeconfig)
  for (const { name } of lan.machines)
    await must(kubectl('wait', `node/${name}`, '--for=create', '--timeout=90s'))
  await must(kubectl('wait', 'node', '--all', '--for=condition=Ready', '--timeout=120s'))
  return {
    outside: lan.outside,
    kubeconfig,
    logs: ['server.log', 'agent.log'].map(name => join(paths.logs, name)),
    close: () => lan.close(),
  }
}

const ok = ({ code }: { readonly code: number }) => code === 0
const hutch = ['bun', 'run', join(paths.tree, 'src/cmd/hutch.ts')]

const nodeWords = ({ name, address, dir, podmanArgs }: Machine) => [
  ...[`--data-dir=${dir}/data`, `--node-name=${name}`, `--node-ip=${address}`, '--config=/dev/null'],
  ...podmanArgs.map(word => `--podman-arg=${word}`),
]

function startServer(lan: Lan) {
  const [first] = lan.machines as [Machine]
  const words = [...hutch, 'server', ...nodeWords(first), `--write-kubeconfig=${lan.dir}/kubeconfig`]
  return lan.start(first, words, join(paths.logs, 'server.log'))
}

async function startAgent(lan: Lan, server: string, kubeconfig: string) {
  const second = lan.machines[1]!
  const token = await must([...lan.outside.enter, ...hutch, 'token', 'create', `--kubeconfig=${kubeconfig}`])
  const words = [...hutch, 'agent', ...nodeWords(second), `--server=${server}`, `--token=${token.trim()}`]
  return lan.start(second, words, join(paths.logs, 'agent.log'))
}
