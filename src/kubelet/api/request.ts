import type { WantedStreams } from './spdy-streams.ts'

export interface PodTarget {
  readonly namespace: string
  readonly pod: string
  readonly uid: string | undefined
  readonly container: string | undefined
}

/** `/exec/<namespace>/<pod>[/<uid>]/<container>`, `/portForward/<namespace>/<pod>[/<uid>]`. */
export function podTarget(path: string, withContainer: boolean): PodTarget | undefined {
  const [namespace, pod, ...rest] = path.split('/').slice(2).map(decodeURIComponent)
  if (!namespace || !pod || rest.length > (withContainer ? 2 : 1)) return undefined
  if (!withContainer) return { namespace, pod, uid: rest[0], container: undefined }
  const container = rest.at(-1)
  return container ? { namespace, pod, uid: rest.length === 2 ? rest[0] : undefined, container } : undefined
}

/** Which streams exec and attach ask for (upstream remotecommand NewOptions). */
export function wantedStreams(query: URLSearchParams): WantedStreams {
  const on = (name: string) => query.get(name) === '1' || query.get(name) === 'true'
  return { stdin: on('input'), stdout: on('output'), stderr: on('error'), tty: on('tty') }
}

/** What is wrong with them; undefined when nothing. */
export function streamsProblem({ stdin, stdout, stderr, tty }: WantedStreams): string | undefined {
  if (!stdin && !stdout && !stderr) return 'you must specify at least 1 of stdin, stdout, stderr'
  return tty && stderr ? 'tty and stderr cannot both be true' : undefined
}
