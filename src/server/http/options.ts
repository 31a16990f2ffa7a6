import { parseInt64 } from '../../machinery/meta/strconv.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import { own } from '../../std/own.ts'
import type { RequestInfo, RequestOptions } from '../context.ts'

type Writable = { -readonly [Key in keyof RequestOptions]: RequestOptions[Key] }
type Reader = (options: Writable, value: string, all: () => readonly string[]) => void

const readers: Readonly<Record<string, Reader>> = {
  labelSelector: (options, value) => {
    options.labelSelector = value
  },
  fieldSelector: (options, value) => {
    options.fieldSelector = value
  },
  resourceVersion: (options, value) => {
    options.resourceVersion = value
  },
  resourceVersionMatch: (options, value) => {
    options.resourceVersionMatch = value as RequestOptions['resourceVersionMatch'] & string
  },
  limit: (options, value) => setInteger(options, 'limit', value),
  continue: (options, value) => {
    options.continue = value
  },
  timeoutSeconds: (options, value) => setInteger(options, 'timeoutSeconds', value),
  allowWatchBookmarks: (options, value) => {
    options.allowWatchBookmarks = toBoolean(value)
  },
  sendInitialEvents: (options, value) => {
    options.sendInitialEvents = toBoolean(value)
  },
  dryRun: (options, _value, all) => {
    options.dryRun = all()
  },
  fieldManager: (options, value) => {
    options.fieldManager = value
  },
  fieldValidation: (options, value) => {
    options.fieldValidation = value as RequestOptions['fieldValidation'] & string
  },
  force: (options, value) => {
    options.force = toBoolean(value)
  },
  gracePeriodSeconds: (options, value) => setInteger(options, 'gracePeriodSeconds', value),
  propagationPolicy: (options, value) => {
    options.propagationPolicy = value
  },
  orphanDependents: (options, value) => {
    options.orphanDependents = toBoolean(value)
  },
  includeObject: (options, value) => {
    options.includeObject = value
  },
}

const none: RequestOptions = {}

/**
 * The query's meta/v1 options. Of several values the first one counts; an empty text counts as absent, but for numbers and truths. What is no number
 * is a fault that is told where the option is read. Parameters that no option has are left to the subresources that know
 * them.
 */
export function parseOptions(query: URLSearchParams, info: RequestInfo, contentType: string): RequestOptions {
  const isPatch = info.verb === 'patch'
  if (query.size === 0 && !isPatch) return none
  const options: Writable = {}
  for (const [name, value] of query) {
    if (Object.hasOwn(options, name) || options.faults?.[name]) continue
    if (value !== '' || readsEmpty.has(name)) own(readers, name)?.(options, value, () => query.getAll(name))
  }
  if (isPatch) options.patchType = contentType as RequestOptions['patchType'] & string
  return options
}

/** Of the others an empty text counts as absent; a truth that is only named is one. */
const readsEmpty = new Set([
  ...['limit', 'timeoutSeconds', 'gracePeriodSeconds'],
  ...['allowWatchBookmarks', 'sendInitialEvents', 'force', 'orphanDependents'],
])

function setInteger(options: Writable, name: keyof IntegerOptions, value: string): void {
  const read = parseInt64(value)
  if (typeof read === 'number') options[name] = read
  else options.faults = { ...options.faults, [name]: badRequest(read) }
}

type IntegerOptions = Pick<Writable, 'limit' | 'timeoutSeconds' | 'gracePeriodSeconds'>

/** apimachinery Convert_Slice_string_To_bool: everything but these is true. */
export function toBoolean(value: string): boolean {
  return value !== '0' && value.toLowerCase() !== 'false'
}
