import { differences } from '../normalize.ts'
import type { Scenario } from './scenario.ts'
import type { Snapshot } from './snapshot.ts'

/** Every place where two snapshots differ, as `place: ours | theirs`. */
export function compareSnapshots({ ordered }: Scenario, mine: Snapshot, other: Snapshot): string[] {
  const found = [
    ...compareObjects(mine, other),
    ...compareEvents(mine, other),
    ...differ({ answers: mine.answers }, { answers: other.answers }),
    ...(ordered ? differ({ trace: traceOf(mine, ordered) }, { trace: traceOf(other, ordered) }) : []),
  ]
  return [...new Set(found)]
}

function traceOf({ trace }: Snapshot, kind: string): string[] {
  return (trace.get(kind) ?? []).map(({ text }) => text)
}

function differ(mine: unknown, other: unknown): string[] {
  const answer = (body: unknown) => ({ status: 0, headers: {}, body })
  return differences(answer(mine), answer(other)).map(place => place.replace(/^\.body\.?/, ''))
}

function compareObjects(mine: Snapshot, other: Snapshot): string[] {
  const keys = new Set([...mine.objects.keys(), ...other.objects.keys()])
  return [...keys].toSorted().flatMap(key => {
    const [left = [], right = []] = [mine.objects.get(key), other.objects.get(key)]
    if (left.length !== right.length) return [`${key}: ${left.length} of them | ${right.length}`]
    return left.flatMap((object, index) => differ(object, right[index]).map(place => `${key} ${place}`))
  })
}

function compareEvents(mine: Snapshot, other: Snapshot): string[] {
  const texts = new Set([...mine.events.keys(), ...other.events.keys()])
  return [...texts].toSorted().flatMap(text => {
    const [left = 'never', right = 'never'] = [mine.events.get(text), other.events.get(text)]
    return left === right ? [] : [`event ${text}: ${left} | ${right}`]
  })
}
