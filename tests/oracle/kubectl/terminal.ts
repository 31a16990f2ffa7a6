import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Line, Transcript } from './transcript.ts'

/** What a line left on the screen. */
export interface Printed {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A shell in a folder of its own whose kubectl talks to one of the two clusters. */
export interface Terminal {
  type(line: Line): Promise<Printed>
}

interface Place {
  readonly kubeconfig: string
  readonly directory: string
  /** The folder of the kubectl to use. */
  readonly programs: string
}

/** A line that prints nothing more for so long has hung. */
const patienceSeconds = 90

export function openTerminal({ kubeconfig, directory, programs }: Place, transcript: Transcript): Terminal {
  const work = join(directory, 'work')
  mkdirSync(work, { recursive: true })
  for (const [name, content] of Object.entries(transcript.files ?? {})) {
    mkdirSync(dirname(join(work, name)), { recursive: true })
    writeFileSync(join(work, name), content)
  }
  const own = join(directory, 'kubeconfig')
  writeFileSync(own, inNamespace(readFileSync(kubeconfig, 'utf8'), transcript.name))
  const env = {
    PATH: `${programs}:${process.env.PATH}`,
    HOME: directory,
    TMPDIR: '/tmp',
    KUBECONFIG: own,
    KUBECACHEDIR: join(directory, 'cache'),
    LANG: 'C',
  }
  return {
    async type({ type, input }) {
      const shell = type.startsWith('$ ') ? type.slice(2) : `kubectl ${type}`
      const child = Bun.spawn(['timeout', String(patienceSeconds), 'sh', '-c', shell], {
        cwd: work,
        env,
        stdin: input === undefined ? 'ignore' : Buffer.from(input),
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const [stdout, stderr] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ])
      return { exitCode: await child.exited, stdout, stderr }
    },
  }
}

function inNamespace(kubeconfig: string, namespace: string): string {
  const config = parse(kubeconfig) as { contexts: { context: { namespace?: string } }[] }
  for (const { context } of config.contexts) context.namespace = namespace
  return stringify(config)
}
