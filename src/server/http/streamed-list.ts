import type { LongYaml } from '../../machinery/codec/index.ts'
import type { Clock } from '../../std/ports.ts'
import { type Breathe, beginWork, takeSteps } from '../../std/turns.ts'
import type { ListResult, Servable } from '../context.ts'
import { memo } from '../rest/memo.ts'
import { type Deflated, gzipEnd, gzipHead } from './gzip-pieces.ts'
import type { ListForm } from './list-forms.ts'
import { deflatedRun, packedPieces } from './packed-list.ts'
import { fitsPlain, plainRun } from './plain-run.ts'

/** A body that is made while it is sent, with pauses in which other requests are served. */
export type Pieces = () => AsyncGenerator<Uint8Array, void, void>

type Run = readonly Servable[]

/** Lists above either are made and sent in pieces; below, one piece is cheaper and short enough. */
const itemsMax = 2_000
const bytesMax = 1 << 20
/** Items of a run where the list has none of its own. */
const runItems = 32
/** A run is made without a pause: a heavier one is cut. */
const runBytesMax = 256 << 10
/** Pieces are joined up to so many bytes. */
const pieceBytes = 128 << 10

/** Whether making this list at once would keep others waiting. */
export function isLong(list: ListResult): boolean {
  const all = list.runs ?? [list.items]
  let count = 0
  let bytes = 0
  for (const run of all) {
    count += run.length
    bytes += weightOf(run)
    if (count > itemsMax || bytes > bytesMax) return true
  }
  return false
}

/** Printing as YAML takes the library so long that more than this is done elsewhere. */
export function isLongYaml(list: ListResult): boolean {
  return list.items.length > runItems || weightOf(list.items) > yamlBytesMax
}

const yamlBytesMax = 32 << 10

function weightOf(run: Run): number {
  let bytes = 0
  for (const { storedBytes } of run) bytes += storedBytes ?? 0
  return bytes
}

/** The list as it goes over the wire, piece by piece. */
export function listPieces(form: ListForm, list: ListResult, clock: Clock): Pieces {
  const runs = runsOf(list)
  const count = runs.reduce((sum, run) => sum + run.length, 0)
  const makeRun = isKept(list) ? plainRun : remade
  return async function* pieces() {
    const breathe = beginWork(clock)
    const makePart = (run: Run, index: number) => makeRun(form, run, index === 0)
    const made = form.isMeasured ? await allItems(runs, makePart, breathe) : undefined
    const { head, tail } = form.frame(count, made?.length ?? 0)
    const joined = new Joiner()
    joined.add(head)
    for (const [index, run] of runs.entries()) {
      joined.add(made?.parts[index] ?? makePart(run, index))
      if (joined.isFull) yield joined.take()
      const pause = breathe()
      if (pause) await pause
    }
    joined.add(tail)
    yield joined.take()
  }
}

/** A list that lies in no runs has none that another list would share. */
function isKept({ runs }: ListResult): boolean {
  return runs !== undefined && fitsPlain(runs.reduce((sum, run) => sum + weightOf(run), 0))
}

const remade: typeof plainRun = (form, run, isFirst) => form.items(run, isFirst)

async function allItems(
  runs: readonly Run[],
  makePart: (run: Run, index: number) => Uint8Array,
  breathe: Breathe,
) {
  const parts: Uint8Array[] = []
  let length = 0
  for (const [index, run] of runs.entries()) {
    const part = makePart(run, index)
    parts.push(part)
    length += part.length
    const pause = breathe()
    if (pause) await pause
  }
  return { parts, length }
}

class Joiner {
  #parts: Uint8Array[] = []
  #size = 0

  add(part: Uint8Array): void {
    this.#parts.push(part)
    this.#size += part.length
  }

  get isFull(): boolean {
    return this.#size >= pieceBytes
  }

  take(): Uint8Array {
    const joined = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    this.#parts = []
    this.#size = 0
    return joined
  }
}

function runsOf(list: ListResult): readonly Run[] {
  const runs = list.runs ?? cut(list.items)
  return runs.some(isHeavy)
    ? runs.flatMap(run => (isHeavy(run) ? memo(lightParts, run, () => lighter(run)) : [run]))
    : runs
}

function isHeavy(run: Run): boolean {
  return run.length > 1 && weightOf(run) > runBytesMax
}

/** The same parts each time: what was made of them may be kept beside them. */
const lightParts = new WeakMap<Run, readonly Run[]>()

function lighter(run: Run): Run[] {
  const parts: Servable[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const item of run) {
    bytes += item.storedBytes ?? 0
    if (bytes > runBytesMax) {
      parts.push([])
      bytes = item.storedBytes ?? 0
    }
    parts.at(-1)!.push(item)
  }
  return parts
}

function cut(items: Run): Run[] {
  const made: Run[] = []
  for (let start = 0; start < items.length; start += runItems) made.push(items.slice(start, start + runItems))
  return made
}

/** YAML that is printed elsewhere, run by run. */
export function yamlListPieces(form: ListForm, list: ListResult, yaml: LongYaml): Pieces {
  const runs = runsOf(list).filter(run => run.length > 0)
  return async function* pieces() {
    const { head, tail } = form.frame(list.items.length, 0)
    yield head
    for (const run of runs) yield Buffer.from(await yaml.print(form.itemsJson!(run)))
    if (tail.length > 0) yield tail
  }
}

/** The same as gzip; see `deflatedRun`. */
export function gzipListPieces(form: ListForm, list: ListResult, clock: Clock): Pieces {
  const runs = runsOf(list)
  return async function* pieces() {
    const breathe = beginWork(clock)
    const items: Deflated[] = []
    for (const [index, run] of runs.entries()) {
      items.push(await takeSteps(deflatedRun(form, run, index === 0), breathe))
      const pause = breathe()
      if (pause) await pause
    }
    const all = packedPieces(form, list, items)
    const joined = new Joiner()
    joined.add(gzipHead)
    for (const { blocks } of all) {
      joined.add(blocks)
      if (joined.isFull) yield joined.take()
    }
    joined.add(gzipEnd(all))
    yield joined.take()
  }
}
