/** Texts that the cells of many kinds share (pkg/printers/internalversion). */
import { formatSelector, type LabelSelectorSpec, labelSelectorFrom } from '../selector/label.ts'
import { humanDuration } from './duration.ts'

export const none = '<none>'
export const unset = '<unset>'
export const unknown = '<unknown>'

/** How long ago a timestamp was; `<unknown>` without one. */
export function since(timestamp: string | null | undefined, nowMs: number): string {
  return timestamp ? humanDuration(nowMs - Date.parse(timestamp)) : unknown
}

/** `a=b,c=d` in order of keys; `<none>` when empty (labels.FormatLabels). */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? none : pairs.toSorted().join(',')
}

/** A meta/v1 LabelSelector as text; `<none>` when it has no requirement (metav1.FormatLabelSelector). */
export function formatLabelSelector(selector: LabelSelectorSpec | undefined): string {
  return formatSelector(labelSelectorFrom(selector)) || none
}

/** The first `max` of the pieces and how many more there are; `empty` for none. */
export function firstFew(pieces: readonly string[], max: number, empty: string): string {
  if (pieces.length === 0) return empty
  const shown = pieces.slice(0, max).join(',')
  return pieces.length > max ? `${shown} + ${pieces.length - max} more...` : shown
}
