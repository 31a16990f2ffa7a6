/** Long texts of JSON, read piece by piece: the engine's own parser does not stop before the end of a text. */
import type { Steps } from '../../../std/turns.ts'
import { type JsonMap, setMember } from '../../meta/json.ts'

const pieceLength = 16 << 10
/** Deeper texts are refused, in other words. */
const depthMax = 1_000
const space = /^[ \t\n\r]*/
const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openList = 0x5b
const closeList = 0x5d
const openMap = 0x7b
const closeMap = 0x7d

/** A list or a map that has not ended. */
interface Open {
  readonly isList: boolean
  /** Where its bracket is. */
  readonly at: number
  /** What was not read yet begins here. */
  from: number
  /** The last comma between its members. */
  comma: number
  /** A member ended at `from` that was put together: nothing but a comma may follow. */
  isBehindMember: boolean
  /** Undefined while nothing of it was read. */
  made: unknown[] | JsonMap | undefined
  /** What was added to it. */
  members: number
}

export interface Cutting {
  /** Reads one piece, which is a list or a map on its own. Throws SyntaxError. */
  readonly read: (piece: string) => object
  /** Told of what was put together from more than one piece, and how many members of it came again in a later one. */
  readonly onLong?: (made: object, lost: number) => void
  /** Characters between two pauses, where the text has a comma there. */
  readonly length?: number | undefined
}

/** What `read` gives for the whole text of a list or a map, in steps. Throws SyntaxError where that is not JSON. */
export function* parsePieces(text: string, cutting: Cutting): Steps<object> {
  const { length = pieceLength } = cutting
  const opens: Open[] = []
  let readTo = 0
  for (let at = space.exec(text)![0].length; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = stringEnd(text, at)
    else if (code === openList || code === openMap) {
      if (opens.push(newOpen(at, code === openList)) > depthMax) throw new SyntaxError('too deep')
    } else if (code === closeList || code === closeMap) {
      const made = closed(text, opens, at, cutting)
      if (opens.length === 0) return withoutRest(text, at, made)
    } else if (opens.length === 0) throw new SyntaxError('neither a list nor a map')
    else if (code === comma) {
      opens.at(-1)!.comma = at
      if (at - readTo < length) continue
      readUpTo(text, opens, at, cutting)
      readTo = at
      yield
    }
  }
  throw new SyntaxError('the text ends before it should')
}

function newOpen(at: number, isList: boolean): Open {
  return { isList, at, from: at + 1, comma: at, isBehindMember: false, made: undefined, members: 0 }
}

/** The place of the closing quote, or the end of the text. */
function stringEnd(text: string, at: number): number {
  let end = text.indexOf('"', at + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, at: number): boolean {
  let start = at
  while (text.charCodeAt(start - 1) === backslash) start--
  return (at - start) % 2 === 1
}

/** Ends the innermost list or map; what it is, where that was put together or is the whole text. */
function closed(text: string, opens: Open[], at: number, cutting: Cutting): object | undefined {
  const open = opens.pop()
  if (!open || open.isList !== (text.charCodeAt(at) === closeList))
    throw new SyntaxError('another bracket should close')
  const outer = opens.at(-1)
  if (!open.made) return outer ? undefined : cutting.read(text.slice(open.at, at + 1))
  readMembers(text, open, at, cutting)
  cutting.onLong?.(open.made, open.isList ? 0 : open.members - Object.keys(open.made).length)
  if (outer) {
    outer.from = at + 1
    outer.isBehindMember = true
  }
  return open.made
}

function withoutRest(text: string, at: number, made: object | undefined): object {
  if (space.exec(text.slice(at + 1))![0].length < text.length - at - 1)
    throw new SyntaxError('something follows the text')
  return made!
}

/** Reads what came before the comma `at`, of the innermost list or map and of those that it lies in. */
function readUpTo(text: string, opens: readonly Open[], at: number, cutting: Cutting): void {
  for (const [index, open] of opens.entries()) {
    const inner = opens[index + 1]
    open.made ??= newMade(open)
    if (inner?.made) continue
    const end = inner ? open.comma : at
    if (end >= open.from) readMembers(text, open, end, cutting)
    if (open.isBehindMember) throw new SyntaxError('a comma should follow')
    open.from = end + 1
    if (!inner) continue
    inner.made = newMade(inner)
    addLong(open, text.slice(open.from, inner.at), inner.made, cutting)
  }
}

function newMade({ isList }: Open): unknown[] | JsonMap {
  return isList ? [] : {}
}

/** Reads and adds the members from where it was read to up to `end`, where a comma or the end is. */
function readMembers(text: string, open: Open, end: number, cutting: Cutting): void {
  let run = text.slice(open.from, end)
  if (open.isBehindMember) {
    open.isBehindMember = false
    const blank = space.exec(run)![0].length
    if (blank === run.length) return
    if (run[blank] !== ',') throw new SyntaxError('a comma should follow')
    run = run.slice(blank + 1)
  }
  const members = cutting.read(open.isList ? `[${run}]` : `{${run}}`)
  const added = addMembers(open.made!, members)
  if (added === 0) throw new SyntaxError('a member should follow')
  open.members += added
}

/** How many there were. */
function addMembers(made: unknown[] | JsonMap, members: object): number {
  if (Array.isArray(made)) {
    const items = members as unknown[]
    for (const item of items) made.push(item)
    return items.length
  }
  const names = Object.keys(members)
  if (Object.hasOwn(members, '__proto__'))
    for (const name of names) setMember(made, name, (members as JsonMap)[name])
  else Object.assign(made, members)
  return names.length
}

/** Adds what is put together from more than one piece; `name` is the text before it: nothing, or its name and a colon. */
function addLong(open: Open, name: string, long: object, { read }: Cutting): void {
  const { made, isList } = open
  open.members++
  const [key] = Object.keys(read(isList ? `[${name}""]` : `{${name}""}`))
  if (isList) (made as unknown[]).push(long)
  else setMember(made as JsonMap, key!, long)
}
