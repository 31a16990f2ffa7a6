/** What an applier is told when others hold the fields that it wants to change (managedfields NewConflictError). */
import { quote } from '../meta/quote.ts'
import { applyConflict } from '../status/errors.ts'
import type { StatusError } from '../status/status.ts'
import type { Manager } from './managed.ts'
import { formatPath } from './path-element.ts'

/** Paths that one manager holds and the applier wants to change. */
export interface Conflict {
  readonly manager: Manager
  readonly paths: readonly (readonly string[])[]
}

/** 409 with one cause for each field; conflicts are told in the order given. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.flatMap(({ manager, paths }) =>
    paths.map(path => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${formatManager(manager)}`,
      field: formatPath(path),
    })),
  )
  const only = causes.length === 1 ? causes[0] : undefined
  if (only) return applyConflict(causes, `Apply failed with 1 conflict: ${only.message}: ${only.field}`)
  const lines = conflicts.flatMap(({ manager, paths }) => [
    `conflicts with ${formatManager(manager)}:`,
    ...paths.map(path => `- ${formatPath(path)}`),
  ])
  return applyConflict(causes, `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`)
}

function formatManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const name =
    subresource === '' ? quote(manager) : `${quote(manager)} with subresource ${quote(subresource)}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}
