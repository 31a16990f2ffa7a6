import path from 'node:path'
import type { Pod } from '../../api/types/core-v1.gen.ts'

/** `/var/log/pods/<namespace>_<name>_<uid>` (upstream BuildPodLogsDirectory). */
export function podLogDir(root: string, { metadata }: Pod): string {
  return path.join(root, `${metadata.namespace}_${metadata.name}_${metadata.uid}`)
}
