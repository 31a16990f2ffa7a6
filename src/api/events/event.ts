import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { validateObjectMeta } from '../../machinery/validation/object-meta.ts'
import { eventCells, referenceSelectors } from '../core/event.ts'
import type { Conversion } from '../define.ts'
import { defineResource } from '../define-resource.ts'
import { validateEventBasics } from '../shared/event.ts'
import { immutableInternal } from '../shared/internal-value.ts'
import { immutableField, sameField } from '../shared/same-field.ts'
import type { Event as CoreEvent } from '../types/core-v1.gen.ts'
import type { Event } from '../types/events-v1.gen.ts'

/** The same event as core/v1 has it, where all Events are stored (pkg/apis/events/v1/conversion.go). */
export function toCoreEvent(event: Event): CoreEvent {
  const { regarding, note, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, ...rest } =
    event
  const { deprecatedCount, reportingController, ...same } = rest
  return defined<CoreEvent>({
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    reportingComponent: reportingController,
  })
}

function fromCoreEvent(event: CoreEvent): Event {
  const {
    involvedObject,
    message,
    source,
    firstTimestamp,
    lastTimestamp,
    count,
    reportingComponent,
    reportingInstance,
    ...same
  } = event
  return defined<Event>({
    ...same,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    note: message,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
    // The core version prints both though they are empty.
    reportingController: reportingComponent || undefined,
    reportingInstance: reportingInstance || undefined,
  })
}

/** Leaves out the members that are undefined. */
function defined<T>(object: { [key: string]: unknown }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}

const conversion: Conversion = {
  toStorage: object => toCoreEvent(object as Event),
  fromStorage: object => fromCoreEvent(object as CoreEvent),
}

function validateSeries({ series }: Event, errors: FieldErrors): void {
  if (!series) return
  if ((series.count ?? 0) < 2) errors.invalid('series.count', '', 'should be at least 2')
  if (!series.lastObservedTime) errors.required('series.lastObservedTime')
}

/** This version is strict about new events and lets nothing but the series change. */
function validate(event: Event, errors: FieldErrors): void {
  validateEventBasics(toCoreEvent(event), 'reportingController', errors)
  const rules = { namespaced: true, standardFinalizers: true, validateName: nameIsDnsSubdomain }
  validateObjectMeta(event.metadata, rules, 'metadata', errors)
  validateSeries(event, errors)
  const { eventTime, type = '', deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount } = event
  if (!eventTime) errors.required('eventTime')
  if (type !== 'Normal' && type !== 'Warning') errors.invalid('type', '', `has invalid value: ${type}`)
  if (deprecatedFirstTimestamp) errors.invalid('firstTimestamp', '', 'needs to be unset')
  if (deprecatedLastTimestamp) errors.invalid('lastTimestamp', '', 'needs to be unset')
  if (deprecatedCount) errors.invalid('count', '', 'needs to be unset')
  const { component, host } = event.deprecatedSource ?? {}
  if (component || host) errors.invalid('source', '', 'needs to be unset')
}

const fixed = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const

const types: Readonly<Record<string, string>> = {
  involvedObject: 'k8s.io/api/core/v1.ObjectReference',
  related: 'k8s.io/api/core/v1.ObjectReference',
  source: 'k8s.io/api/core/v1.EventSource',
}

const eventType = 'k8s.io/api/core/v1.Event'

function validateUpdate(event: Event, old: Event, errors: FieldErrors): void {
  const now = toCoreEvent(event)
  validateEventBasics(now, 'reportingController', errors)
  if (!sameField(eventType, 'series', event, old)) validateSeries(event, errors)
  const before = toCoreEvent(old)
  for (const field of fixed) {
    const values = [now[field], before[field]] as const
    const type = types[field]
    const path = field === 'reportingComponent' ? 'reportingController' : field
    if (type) immutableInternal(type, values, path, errors)
    else immutableField(eventType, field, [now, before], path, errors)
  }
}

const asCore =
  <R>(fn: (event: CoreEvent, nowMs: number) => R) =>
  (event: Event, nowMs: number) =>
    fn(toCoreEvent(event), nowMs)

const selectors = {
  ...referenceSelectors('regarding'),
  reason: ({ reason }: CoreEvent) => reason ?? '',
  reportingController: ({ reportingComponent }: CoreEvent) => reportingComponent ?? '',
  type: ({ type }: CoreEvent) => type ?? '',
}

export const eventsV1 = defineResource<Event>('events.k8s.io/v1', 'Event', {
  strategy: {
    validate,
    checksMetadataLast: true,
    validatesOnceOnly: true,
    validateUpdate,
    allowCreateOnUpdate: true,
    hasNoDependents: true,
  },
  conversion,
  storage: { volatile: true, uncached: true },
  cells: Object.fromEntries(Object.entries(eventCells).map(([name, cell]) => [name, asCore<unknown>(cell)])),
  selectableFields: Object.fromEntries(
    Object.entries(selectors).map(([path, read]) => [path, (event: Event) => read(toCoreEvent(event))]),
  ),
})
