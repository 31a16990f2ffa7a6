import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, type Lan, type Machine, must, openLan, reapLan, run } from '../tests/cluster/lan.ts'
import { checkout, paths } from './state.ts'

export interface Place {
  /** The checkout whose Hutch runs. */
  readonly tree: string
  /** Machines: namespaces, storage, data. Gone when the cluster closes. */
  readonly lan: string
  readonly logs: string
}

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

/** Starts Hutch on two machines and waits until both nodes are ready. */
export async function startCluster(place: Place): Promise<Cluster> {
  await reapLan(place.lan)
  const lan = await openLan(['first', 'second'], {
    dir: place.lan,
    podmanArgs: [`--storage-opt=additionalimagestore=${paths.store}`],
  })
  const process = startServer(lan, place)
  const local = join(lan.dir, 'kubeconfig')
  const kubeconfig = join(lan.dir, 'kubeconfig-outside')
  const kubectl = (...words: string[]) => [
    ...[...lan.outside.enter, join(paths.programs, 'kubectl'), `--kubeconfig=${kubeconfig}`],
    ...words,
  ]
  const server = `https://${lan.machines[0]!.address}:6443`
  while (!existsSync(local)) {
    if (!process.running()) throw new Error(`the server ended: see ${place.logs}/server.log`)
    await Bun.sleep(200)
  }
  // The administrator sits on another machine.
  writeFileSync(kubeconfig, readFileSync(local, 'utf8').replace('https://127.0.0.1:6443', server), {
    mode: 0o600,
  })
  await eventually('the server', () => run(kubectl('get', '--raw', '/readyz')), ok)
  await startAgent(lan, place, { server, kubeconfig })
  for (const { name } of lan.machines)
    await must(kubectl('wait', `node/${name}`, '--for=create', '--timeout=90s'))
  await must(kubectl('wait', 'node', '--all', '--for=condition=Ready', '--timeout=120s'))
  return {
    outside: lan.outside,
    kubeconfig,
    logs: ['server.log', 'agent.log'].map(name => join(place.logs, name)),
    close: () => lan.close(),
  }
}

const ok = ({ code }: { readonly code: number }) => code === 0
const hutch = (tree: string) => ['bun', 'run', join(tree, 'src/cmd/hutch.ts')]

const nodeWords = ({ name, address, dir, podmanArgs }: Machine) => [
  ...[`--data-dir=${dir}/data`, `--node-name=${name}`, `--node-ip=${address}`, '--config=/dev/null'],
  ...podmanArgs.map(word => `--podman-arg=${word}`),
]

function startServer(lan: Lan, { tree, logs }: Place) {
  const [first] = lan.machines as [Machine]
  const words = [...hutch(tree), 'server', ...nodeWords(first), `--write-kubeconfig=${lan.dir}/kubeconfig`]
  return lan.start(first, words, join(logs, 'server.log'))
}

interface Joined {
  readonly server: string
  readonly kubeconfig: string
}

async function startAgent(lan: Lan, { tree, logs }: Place, { server, kubeconfig }: Joined) {
  const second = lan.machines[1]!
  const create = [...lan.outside.enter, ...hutch(tree), 'token', 'create', `--kubeconfig=${kubeconfig}`]
  const token = (await must(create)).trim()
  const words = [...hutch(tree), 'agent', ...nodeWords(second), `--server=${server}`, `--token=${token}`]
  return lan.start(second, words, join(logs, 'agent.log'))
}
