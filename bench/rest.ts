/** A cluster to leave alone: so many simulated nodes, and pods that run on them. */
export interface RestScene {
  /** By which `--only` chooses it. */
  readonly name: string
  readonly title: string
  readonly nodes: number
  readonly pods: number
}

/** In the order in which they are measured. */
export const restScenes = [
  { name: 'idle', title: 'empty', nodes: 0, pods: 0 },
  { name: 'idle@10', title: '1 node, 10 pods', nodes: 1, pods: 10 },
  { name: 'idle@110', title: '1 node, 110 pods', nodes: 1, pods: 110 },
  { name: 'idle-nodes@100', title: '100 nodes', nodes: 100, pods: 0 },
] as const satisfies readonly RestScene[]

export function chosenScenes(names: readonly string[]): RestScene[] {
  return restScenes.filter(({ name }) => names.includes(name))
}

/**
 * Runs `work` while the load generator answers for the scene's nodes through the API, the same on every side and not
 * counted as a part of it. Throws when its pods do not come to run.
 */
export async function withKubelets<Result>(
  load: string,
  kubeconfig: string,
  { nodes, pods, title }: RestScene,
  work: () => Promise<Result>,
): Promise<Result> {
  if (nodes === 0) return work()
  const words = ['-kubeconfig', kubeconfig, '-nodes', String(nodes), '-pods', String(pods)]
  const kubelets = Bun.spawn([load, ...words], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
  const { value } = await kubelets.stdout.getReader().read()
  if (!value) throw new Error(`${title}: the simulated nodes ended with ${await kubelets.exited}`)
  try {
    return await work()
  } finally {
    await kubelets.stdin.end()
    await kubelets.exited
  }
}
