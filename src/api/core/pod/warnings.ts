import { dns1123LabelErrors } from '../../../machinery/meta/names.ts'
import type { Pod } from '../../types/core-v1.gen.ts'

/** Texts of the `Warning:` headers on creation (pkg/api/pod/warnings.go). */
export function podWarnings(pod: Pod, old: Pod | undefined): readonly string[] {
  if (old) return []
  const reasons = dns1123LabelErrors(pod.metadata.name ?? '')
  if (reasons.length === 0) return []
  const advice =
    "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
  return [`metadata.name: ${advice}: [${reasons.join(' ')}]`]
}
