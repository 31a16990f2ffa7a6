import type { FieldErrors } from '../../machinery/validation/field-error.ts'

interface Pattern {
  readonly plural: string
  readonly group: string
}

/** `secrets`, `deployments.apps`, `*.apps`, `*.`, `*.*` */
function parsePattern(pattern: string): Pattern {
  const dot = pattern.indexOf('.')
  return dot < 0
    ? { plural: pattern, group: '' }
    : { plural: pattern.slice(0, dot), group: pattern.slice(dot + 1) }
}

/** Where the store keeps what a pattern names. */
export function folderOf(pattern: string): string {
  const { plural, group } = parsePattern(pattern)
  if (group === '*') return '/registry/'
  return plural === '*' ? `/registry/${group || 'core'}/` : `/registry/${group || 'core'}/${plural}/`
}

/** What patterns may name, and what none of a list may hide (apis/apiserver/validation/validation_encryption.go). */
export function validatePatterns(patterns: readonly string[], path: string, errors: FieldErrors): void {
  const parsed = patterns.map(parsePattern)
  const isLast = (name: string, index: number) => patterns.lastIndexOf(name) === index
  if (!patterns.every(isLast))
    errors.invalid(path, patterns, 'the same resource cannot be specified multiple times')
  if (parsed.some((one, index) => parsed.some((other, at) => at !== index && hides(one, other))))
    errors.invalid(
      path,
      patterns,
      "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
    )
  for (const [index, pattern] of patterns.entries()) {
    const fault = faultOf(pattern)
    if (fault !== undefined) errors.invalid(`${path}[${index}]`, pattern, fault)
  }
}

function hides(one: Pattern, other: Pattern): boolean {
  if (one.plural === other.plural && one.group === other.group) return false
  if (one.plural === '*' && one.group === '*') return true
  return one.group === other.group && one.plural === '*'
}

const withoutRest = new Set(['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'])

function faultOf(pattern: string): string | undefined {
  const { plural, group } = parsePattern(pattern)
  if (pattern !== pattern.toLowerCase()) return 'resource name should not contain capital letters'
  if (pattern === '*')
    return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
  if (withoutRest.has(pattern)) return 'resources which do not have REST API/s cannot be encrypted'
  if (group === 'events.k8s.io')
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file"
  if (group === 'extensions') return "'extensions' group has been removed and cannot be used for encryption"
  if (group === '*' && plural !== '*') return 'encrypting the same resource across groups is not supported'
  return undefined
}
