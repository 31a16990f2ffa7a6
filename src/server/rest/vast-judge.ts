/** Who judges objects with items by the ten thousand, and what has to be known for it. */
import type { FieldError } from '../../machinery/validation/field-error.ts'

export interface VastQuestion {
  readonly group: string
  readonly version: string
  readonly plural: string
  /** The object as it was read, without defaults, as JSON: one piece behind the other. */
  readonly json: readonly string[]
  readonly now: string
  readonly namespace: string | undefined
  /** Those of its namespace. */
  readonly labels: Readonly<Record<string, string>>
}

/** What is wrong with a new object, its metadata aside; it holds up nobody here. */
export interface VastJudge {
  faults(question: VastQuestion): Promise<readonly FieldError[]>
}
