import { since } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import { validateEventBasics } from '../shared/event.ts'
import type { Event } from '../types/core-v1.gen.ts'

function firstSeen({ firstTimestamp, eventTime }: Event, nowMs: number): string {
  return since(firstTimestamp || eventTime, nowMs)
}

function lastSeen(event: Event, nowMs: number): string {
  const { series, lastTimestamp } = event
  if (series) return since(series.lastObservedTime, nowMs)
  return lastTimestamp ? since(lastTimestamp, nowMs) : firstSeen(event, nowMs)
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || ''
  const instance = source?.host || reportingInstance || ''
  return instance ? `${component}, ${instance}` : component
}

function targetText({ involvedObject }: Event): string {
  const { kind = '', name = '' } = involvedObject ?? {}
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase()
}

/** Cells of both Event kinds, read from the core one. */
export const eventCells = {
  'Last Seen': lastSeen,
  Type: ({ type }: Event) => type ?? '',
  Reason: ({ reason }: Event) => reason ?? '',
  Object: targetText,
  Subobject: ({ involvedObject }: Event) => involvedObject?.fieldPath ?? '',
  Source: sourceText,
  Message: ({ message }: Event) => (message ?? '').trim(),
  'First Seen': firstSeen,
  Count: ({ series, count }: Event) => (series ? (series.count ?? 0) : count || 1),
}

const referenceFields = [
  'kind',
  'namespace',
  'name',
  'uid',
  'apiVersion',
  'resourceVersion',
  'fieldPath',
] as const

/** `<prefix>.kind` and so on, of the object that the event is about. */
export function referenceSelectors(prefix: string): Record<string, (event: Event) => string> {
  return Object.fromEntries(
    referenceFields.map(field => [
      `${prefix}.${field}`,
      ({ involvedObject }: Event) => involvedObject?.[field] ?? '',
    ]),
  )
}

export const events = defineResource<Event>('v1', 'Event', {
  strategy: {
    standardFinalizers: false,
    checksMetadataLast: true,
    // Names of events were never checked in this version.
    validateName: () => [],
    validate: (event: Event, errors: FieldErrors) => validateEventBasics(event, 'reportingComponent', errors),
    allowCreateOnUpdate: true,
    hasNoDependents: true,
  },
  storage: { volatile: true, uncached: true },
  cells: eventCells,
  selectableFields: {
    ...referenceSelectors('involvedObject'),
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component || (reportingComponent ?? ''),
    type: ({ type }) => type ?? '',
  },
})
