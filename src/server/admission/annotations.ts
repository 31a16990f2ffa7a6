import type { AdmissionRequest } from '../context.ts'

/** Notes something about a request for the audit log; the first value of a key stays, as upstream's event keeps it. */
export function annotate({ context }: Pick<AdmissionRequest, 'context'>, key: string, value: string): void {
  const target = context as { auditAnnotations?: Map<string, string> }
  target.auditAnnotations ??= new Map()
  if (!target.auditAnnotations.has(key)) target.auditAnnotations.set(key, value)
}
