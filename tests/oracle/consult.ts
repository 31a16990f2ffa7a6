import { addressCases } from './address-cases.ts'
import { annotationCases } from './annotation-cases.ts'
import { applyCases } from './apply-cases.ts'
import { autoscalingCases } from './autoscaling-cases.ts'
import { bootstrapTokenCases } from './bootstrap-token-cases.ts'
import { boundaryCases } from './boundary-cases.ts'
import type { Answer, OracleCase, Track } from './case.ts'
import { columnCases } from './column-cases.ts'
import { customApplyCases } from './custom-apply-cases.ts'
import { customCases } from './custom-cases.ts'
import { decodeCases } from './decode-cases.ts'
import { deletionCases } from './deletion-cases.ts'
import { depthCases } from './depth-cases.ts'
import { documentCases } from './document-cases.ts'
import { edgeCases } from './edge-cases.ts'
import { flowCases } from './flow-cases.ts'
import { formCases } from './form-cases.ts'
import { generalCases, opening } from './general-cases.ts'
import { hookDefinitionCases } from './hook-definition-cases.ts'
import { impersonationCases } from './impersonation-cases.ts'
import { kindTracks } from './kind-cases.ts'
import { type ListedDifference, listed } from './listed.ts'
import { mergeCases } from './merge-cases.ts'
import { negotiationCases } from './negotiation-cases.ts'
import { nodeCases } from './node-cases.ts'
import { differences } from './normalize.ts'
import { numberCases } from './number-cases.ts'
import { pagingCases } from './paging-cases.ts'
import { pathCases } from './path-cases.ts'
import { podSecurityCases } from './pod-security-cases.ts'
import { quotaCases } from './quota-cases.ts'
import { removalCases } from './removal-cases.ts'
import { ruleCases } from './rule-cases.ts'
import { selectionCases } from './selection-cases.ts'
import type { Session, Side } from './side.ts'
import { subresourceCases } from './subresource-cases.ts'
import { watchingCases } from './watching-cases.ts'
import { doorTableCases, wideColumnCases } from './wide-column-cases.ts'
import { zeroCases } from './zero-cases.ts'

/** All cases: the first track prepares both servers, the others may run in any order. */
export function allTracks(): Track[] {
  return [
    { name: 'opening', cases: opening },
    { name: 'general', cases: generalCases },
    { name: 'depth', cases: depthCases },
    { name: 'edges', cases: edgeCases },
    { name: 'custom', cases: customCases },
    { name: 'rules', cases: ruleCases },
    { name: 'impersonation', cases: impersonationCases },
    { name: 'documents', cases: documentCases },
    { name: 'subresources', cases: subresourceCases },
    { name: 'merges', cases: mergeCases },
    { name: 'applies', cases: applyCases },
    { name: 'annotations', cases: annotationCases },
    { name: 'columns', cases: columnCases },
    { name: 'pod security', cases: podSecurityCases },
    { name: 'boundaries', cases: boundaryCases },
    { name: 'flow', cases: flowCases },
    { name: 'bootstrap tokens', cases: bootstrapTokenCases },
    { name: 'bodies', cases: decodeCases },
    { name: 'hooks', cases: hookDefinitionCases },
    { name: 'deletions', cases: deletionCases },
    { name: 'quotas', cases: quotaCases },
    { name: 'autoscaling', cases: autoscalingCases },
    { name: 'nodes', cases: nodeCases },
    { name: 'numbers', cases: numberCases },
    { name: 'paths', cases: pathCases },
    { name: 'negotiation', cases: negotiationCases },
    { name: 'paging', cases: pagingCases },
    { name: 'watching', cases: watchingCases },
    { name: 'selection', cases: selectionCases },
    { name: 'addresses', cases: addressCases },
    { name: 'removals', cases: removalCases },
    { name: 'wide columns', cases: wideColumnCases },
    { name: 'doors', cases: doorTableCases },
    { name: 'zeroes', cases: zeroCases },
    { name: 'forms', cases: formCases },
    { name: 'custom applies', cases: customApplyCases },
    ...kindTracks(),
  ]
}

export interface Verdict {
  readonly cases: number
  readonly unlisted: readonly string[]
  /** How many differences each entry of the list explained. */
  readonly listed: ReadonlyMap<ListedDifference, number>
}

/** Enough to keep both servers busy while one answer is compared. */
const tracksAtOnce = 6

/** Asks both sides, track beside track, and compares the answers. */
export async function consultOracle(
  ours: Side,
  theirs: Side,
  [opening, ...tracks]: readonly Track[],
  list: readonly ListedDifference[] = listed,
): Promise<Verdict> {
  const places: string[][] = []
  places.push(await follow(ours, theirs, opening!))
  const waiting = tracks.map((track, index) => ({ track, index: index + 1 }))
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      places[next.index] = await follow(ours, theirs, next.track)
  }
  await Promise.all(Array.from({ length: tracksAtOnce }, worker))
  const cases = [opening!, ...tracks].reduce((sum, track) => sum + track.cases.length, 0)
  return { cases, ...judge(places.flat(), list) }
}

/** One track on both sides: where they differ, in the order of its cases. */
async function follow(ours: Side, theirs: Side, { cases }: Track): Promise<string[]> {
  const [a, b] = [ours.session(), theirs.session()]
  const ask = async (one: OracleCase) => {
    const answers = await askBoth([a, b], one).catch(error => {
      throw new Error(`no answer to "${one.name}"`, { cause: error })
    })
    return differences(...answers).map(difference => `${one.name} › ${difference}`)
  }
  const places: string[] = []
  for (const turn of turnsOf(cases)) places.push(...(await Promise.all(turn.map(ask))).flat())
  return places
}

const asideMax = 40

/** Cases that are asked at once. */
function turnsOf(cases: readonly OracleCase[]): OracleCase[][] {
  const turns: OracleCase[][] = []
  for (const one of cases) {
    const last = turns.at(-1)
    if (one.isAside && last?.at(-1)?.isAside && last.length < asideMax) last.push(one)
    else turns.push([one])
  }
  return turns
}

/** How long a case is asked again that waits for a status. */
const patienceMs = 180_000
const pauseMs = 1_000

async function askBoth(sessions: readonly [Session, Session], one: OracleCase): Promise<[Answer, Answer]> {
  const startMs = performance.now()
  for (;;) {
    const answers = await Promise.all([sessions[0].ask(one), sessions[1].ask(one)])
    const isAnswered = one.until === undefined || answers.every(({ status }) => status === one.until)
    if (isAnswered || performance.now() - startMs > patienceMs) return answers
    await Bun.sleep(pauseMs)
  }
}

/** Which of the differences are meant. */
export function judge(places: readonly string[], list = listed): Omit<Verdict, 'cases'> {
  const counts = new Map(list.map(entry => [entry, 0]))
  const unlisted = places.filter(place => {
    const entry = list.find(({ place: pattern }) => pattern.test(place))
    if (entry) counts.set(entry, counts.get(entry)! + 1)
    return !entry
  })
  return { unlisted, listed: counts }
}

/** `oracle: N cases, U unlisted differences, L listed` */
export function lastLine({ cases, unlisted, listed: counts }: Verdict): string {
  return `oracle: ${cases} cases, ${unlisted.length} unlisted differences, ${sumOf(counts)} listed`
}

/** How many differences were meant. */
export function sumOf(listed: Verdict['listed']): number {
  return [...listed.values()].reduce((total, count) => total + count, 0)
}

/** What each listed reason explains, one line each. */
export function listedLines(listed: Verdict['listed']): string[] {
  return [...listed].flatMap(([{ reason }, count]) => (count > 0 ? [`listed ${count}: ${reason}`] : []))
}

/** Entries that explain nothing any more: what they spoke of is mended. */
export function idle({ listed: counts }: Verdict): string[] {
  return [...counts].flatMap(([{ place }, count]) => (count === 0 ? [String(place)] : []))
}
