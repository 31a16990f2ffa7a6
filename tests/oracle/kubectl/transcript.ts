import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

/** What one person types, line after line, into a terminal whose kubectl looks at a namespace of its own. */
export interface Transcript {
  /** Also the namespace. */
  readonly name: string
  /** What lies in the working folder. */
  readonly files?: Readonly<Record<string, string>>
  readonly lines: readonly (string | Line)[]
}

export interface Line {
  /** The words behind `kubectl`, as a shell reads them; behind `$ ` a whole line for the shell. */
  readonly type: string
  /** Standard input. */
  readonly input?: string
  /** The order of what is printed says nothing. */
  readonly unordered?: boolean
  /** Not asked again when the answers differ, although it only reads. */
  readonly once?: boolean
  /** The shortest time that the answers must agree for, ms: before, both may not have begun. */
  readonly afterMs?: number
}

const folder = join(import.meta.dir, 'transcripts')

/** All transcripts of `transcripts/*.yaml`, one per document. */
export function allTranscripts(): Transcript[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap(file => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    .map(document => document.toJS() as Transcript)
}

export function lineOf(line: string | Line): Line {
  return typeof line === 'string' ? { type: line } : line
}

export function linesOf(transcripts: readonly Transcript[]): number {
  return transcripts.reduce((sum, { lines }) => sum + lines.length, 0)
}

const reads =
  /^(?:get|describe|events|rollout (?:status|history)|logs|top|explain|api-\w+|cluster-info|version|wait|diff|auth (?:can-i|whoami))\b(?!.*[>|] *\w*tee)/

/** Whether it can be typed again without changing anything. */
export function isRead({ type, once }: Line): boolean {
  return !once && reads.test(type)
}
