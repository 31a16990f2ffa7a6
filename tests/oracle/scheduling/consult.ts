import { pods } from '../../../src/api/core/pod.ts'
import type { Pod } from '../../../src/api/types/core-v1.gen.ts'
import { mergePatch } from '../../../src/client/client.ts'
import { podKey } from '../../../src/scheduler/snapshot/cluster-snapshot.ts'
import { createDice, type Dice } from './dice.ts'
import { type OurAnswer, ourAnswer } from './ours.ts'
import { type RandomCluster, randomCluster } from './random-cluster.ts'
import { randomPod } from './random-pod.ts'
import type { Observed, Stage } from './stage.ts'

/** What became of one seed. Each difference reads `seed N, pod: what: ours | theirs`. */
export interface Outcome {
  readonly differences: readonly string[]
  readonly placed: number
  readonly refused: number
  readonly preempted: number
}

const podsPerSeed = 14

export interface ConsultOptions {
  /** What is compared with the stock scheduler; ours, unless a test plants differences. */
  readonly answer?: typeof ourAnswer
  /** Names begin with it. */
  readonly prefix?: string
}

/** Builds the seed's cluster, lets both schedulers answer one pod after the other, and clears up. */
export async function consult(stage: Stage, seed: number, options: ConsultOptions = {}): Promise<Outcome> {
  const { answer = ourAnswer, prefix = `s${seed}` } = options
  const dice = createDice(seed)
  const cluster = randomCluster(prefix, dice)
  const count = { placed: 0, refused: 0, preempted: 0 }
  const round: Round = { ...count, stage, seed, dice, answer, differences: [] }
  await stage.build(cluster)
  let waiting: Waiting | undefined
  for (let index = 0; index < podsPerSeed; index++) {
    const next = await tryPod(round, cluster, `${prefix}-new${index}`)
    // A promise is kept open for one more pod, which must leave the room to it.
    if (waiting) await keepPromise(round, waiting)
    waiting = next
  }
  if (waiting) await keepPromise(round, waiting)
  await stage.clear(cluster)
  return round
}

interface Round {
  readonly stage: Stage
  readonly seed: number
  readonly dice: Dice
  readonly answer: typeof ourAnswer
  readonly differences: string[]
  placed: number
  refused: number
  preempted: number
}

/** A pod that room was made for, and who has to leave. */
interface Waiting {
  readonly pod: Pod
  readonly victims: readonly Pod[]
}

const condition = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
const gated = 'SchedulingGated'
const isAnswered = (pod: Pod | undefined) => {
  const { status, reason } = condition(pod ?? emptyPod) ?? {}
  return Boolean(pod?.spec?.nodeName) || (status === 'False' && reason !== gated)
}
const emptyPod: Pod = { metadata: {} }

async function tryPod(round: Round, cluster: RandomCluster, name: string): Promise<Waiting | undefined> {
  const { stage, dice } = round
  const spaces = cluster.namespaces.map(({ metadata }) => metadata.name!)
  const before = await stage.observe()
  const pod = await liftGates(round, await stage.client.create(pods, randomPod(name, spaces, dice)))
  const theirs = await stage.podWhen(pod.metadata.namespace!, name, isAnswered)
  const ours = await round.answer(before, pod)
  if (theirs?.spec?.nodeName) {
    round.placed++
    comparePlaced(round, pod, ours, theirs.spec.nodeName)
    return undefined
  }
  round.refused++
  const message = theirs ? condition(theirs)?.message : undefined
  differ(round, pod, 'message', ours.message, message)
  differ(round, pod, 'nominated', ours.nominated, theirs?.status?.nominatedNodeName || undefined)
  if (!theirs?.status?.nominatedNodeName) {
    await forceOut(stage, pod)
    return undefined
  }
  round.preempted++
  const victims = await theirVictims(stage, before, ours.victims)
  differ(round, pod, 'victims', ours.victims.join(' '), victims.map(podKey).sort().join(' '))
  return { pod, victims }
}

/** A pod with gates waits, whatever room there is, and is tried as soon as they are lifted. */
async function liftGates(round: Round, pod: Pod): Promise<Pod> {
  if (!pod.spec?.schedulingGates) return pod
  const { client, podWhen } = round.stage
  const { namespace, name } = pod.metadata
  const waits = await podWhen(namespace!, name!, found => condition(found ?? emptyPod)?.reason === gated)
  differ(round, pod, 'waits', gated, condition(waits ?? emptyPod)?.reason)
  differ(round, pod, 'node while it waits', undefined, waits?.spec?.nodeName)
  const body = { spec: { schedulingGates: null } }
  return await client.patch(pods, namespace, name!, { type: mergePatch, body })
}

/** Lets the victims go and looks whether the pod then gets the node that both would give it. */
async function keepPromise(round: Round, { pod, victims }: Waiting): Promise<void> {
  const { stage } = round
  const { namespace, name } = pod.metadata
  // A more important pod may have taken the promise from it meanwhile; binding will forget it.
  const pending = await stage.podWhen(namespace!, name!, () => true)
  await Promise.all(victims.map(victim => forceOut(stage, victim)))
  const theirs = await stage.podWhen(namespace!, name!, found => Boolean(found?.spec?.nodeName))
  const now = await stage.observe()
  const others = now.pods.filter(other => other.metadata.name !== name)
  const ours = await round.answer({ ...now, pods: others }, pending ?? pod)
  const node = theirs?.spec?.nodeName
  if (!node) return forceOut(stage, pod)
  if (!ours.best.includes(node)) differ(round, pod, 'promised', ours.best.join(' ') || ours.message, node)
}

function forceOut(stage: Stage, { metadata }: Pod): Promise<void> {
  const { namespace, name } = metadata
  return stage.client.delete(pods, namespace, name!, { gracePeriodSeconds: 0 }).then(() => undefined)
}

async function theirVictims(stage: Stage, before: Observed, expected: readonly string[]): Promise<Pod[]> {
  const leaves = (pod: Pod | undefined) => Boolean(pod?.metadata.deletionTimestamp)
  const stayed = before.pods.filter(pod => !leaves(pod) && pod.spec?.nodeName)
  for (const pod of stayed.filter(pod => expected.includes(podKey(pod))))
    await stage.podWhen(pod.metadata.namespace!, pod.metadata.name!, leaves)
  const names = new Set(stayed.map(podKey))
  return (await stage.observe()).pods.filter(pod => names.has(podKey(pod)) && leaves(pod))
}

function comparePlaced(round: Round, pod: Pod, ours: OurAnswer, node: string): void {
  if (ours.best.length === 0) return differ(round, pod, 'verdict', ours.message, `placed on ${node}`)
  if (!ours.best.includes(node)) differ(round, pod, 'best', ours.best.join(' '), node)
  const theirs = round.stage.scoresOf(pod.metadata.namespace!, pod.metadata.name!)
  for (const plugin of new Set([...ours.scores.keys(), ...theirs.keys()])) {
    differ(round, pod, `scores of ${plugin}`, relative(ours.scores.get(plugin)), relative(theirs.get(plugin)))
  }
}

/** Text of the scores, none for those that are alike on all nodes: leaving the plugin out comes to the same. */
function relative(scores: ReadonlyMap<string, number> | undefined): string {
  const entries = [...(scores ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
  if (new Set(entries.map(([, score]) => score)).size <= 1) return 'all alike'
  return entries.map(([node, score]) => `${node}=${score}`).join(' ')
}

function differ(
  round: Round,
  pod: Pod,
  what: string,
  ours: string | undefined,
  theirs: string | undefined,
): void {
  if (ours !== theirs) round.differences.push(`${place(round, pod)} ${what}: ${ours} | ${theirs}`)
}

function place({ seed }: Round, pod: Pod): string {
  return `seed ${seed}, ${podKey(pod)}:`
}
