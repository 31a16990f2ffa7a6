/** Who of a mutating plugin is asked again in the second round (upstream's webhook and policy reinvocation contexts). */
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { semanticEqual } from '../../../machinery/meta/value.ts'
import type { AdmissionRequest } from '../../context.ts'

export interface RoundMemory {
  /** To be asked again when somebody changes the object after them. */
  invoked: Set<string>
  readonly again: Set<string>
  lastOutput: KubeObject | undefined
}

/** What the first round of a plugin left; in the second one everybody is asked again whose output others changed. */
export function rememberedRound({ reinvocation, object }: AdmissionRequest, plugin: string): RoundMemory {
  reinvocation.state ??= new Map()
  const known = reinvocation.state.get(plugin) as RoundMemory | undefined
  if (!known) {
    const memory: RoundMemory = { invoked: new Set(), again: new Set(), lastOutput: undefined }
    reinvocation.state.set(plugin, memory)
    return memory
  }
  if (reinvocation.isReinvoke && !semanticEqual(known.lastOutput, object)) requireAgain(known)
  return known
}

/** Somebody changed the object: all who were asked before and want to are asked again. */
export function requireAgain(memory: RoundMemory): void {
  for (const each of memory.invoked) memory.again.add(each)
  memory.invoked = new Set()
}

/** Ends a plugin's round. */
export function endRound(memory: RoundMemory, { object }: AdmissionRequest): void {
  memory.lastOutput = memory.invoked.size > 0 ? structuredClone(object) : undefined
}
