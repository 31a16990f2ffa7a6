import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { exactly } from './names.ts'
import { createOutputReader, type Ended } from './output.ts'
import { paths } from './state.ts'

export interface SuiteRun {
  readonly cluster: Cluster
  readonly procs: number
  readonly ended: (test: Ended) => void
  readonly signal: AbortSignal
  /** The folder that suite.log goes to. */
  readonly logs: string
}

/** Runs these tests on a cluster and tells each as it ends: Ginkgo runs serial ones alone, after the others. */
export async function runSuite(tests: readonly string[], run: SuiteRun): Promise<void> {
  const { cluster, procs, ended, signal, logs } = run
  const program = (name: string) => join(paths.programs, name)
  const ginkgo = [program('ginkgo'), `--procs=${procs}`, '-v', '--no-color', '--silence-skips']
  const limits = ['--timeout=24h', '--grace-period=20s', `--focus=${exactly(tests)}`]
  const access = [`--kubeconfig=${cluster.kubeconfig}`, `--kubectl-path=${program('kubectl')}`]
  const waits = ['--node-schedulable-timeout=2m', '--system-pods-startup-timeout=2m']
  const command = [
    ...[...cluster.outside.enter, 'nice', '-n', '5', ...ginkgo, ...limits, program('e2e.test'), '--'],
    ...['--provider=skeleton', '--num-nodes=2', '--disable-log-dump', ...access, ...waits],
  ]
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'inherit', cwd: logs })
  const interrupt = () => child.kill('SIGINT')
  signal.addEventListener('abort', interrupt)
  const reader = createOutputReader(tests, ended)
  const log = Bun.file(join(logs, 'suite.log')).writer()
  let rest = ''
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    log.write(text)
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) reader.line(line)
    await log.flush()
  }
  reader.end()
  await child.exited
  await log.end()
  signal.removeEventListener('abort', interrupt)
}
