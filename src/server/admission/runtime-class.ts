import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { RuntimeClass } from '../../api/types/node-v1.gen.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { compareQuantity, parseQuantity } from '../../machinery/quantity/index.ts'
import { isGivenEmpty } from '../../machinery/schema/empties.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../context.ts'
import type { Lister } from '../lister.ts'
import { createsPod, refusal } from './refusal.ts'
import { mergeTolerations } from './tolerations.ts'

/** Overhead, node selector and tolerations come from the pod's runtime class (plugin/pkg/admission/runtimeclass). */
export function runtimeClass(classes: Lister<RuntimeClass>): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    handles: createsPod,
    admit(request) {
      const chosen = classOf(request, classes)
      if (chosen?.overhead) setOverhead(request, chosen.overhead.podFixed ?? {})
      if (chosen?.scheduling) setScheduling(request, chosen)
    },
    validate(request) {
      const chosen = classOf(request, classes)
      const { spec } = request.object as Pod
      if (chosen?.overhead) checkOverhead(request, chosen.overhead.podFixed ?? {})
      else if (spec?.overhead || isGivenEmpty(spec, 'overhead')) {
        throw refusal(
          request,
          'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
        )
      }
    },
  }
}

function classOf(request: AdmissionRequest, classes: Lister<RuntimeClass>): RuntimeClass | undefined {
  const name = (request.object as Pod).spec?.runtimeClassName
  if (name === undefined) return undefined
  const chosen = classes.get('', name)
  if (!chosen) throw refusal(request, `pod rejected: RuntimeClass ${quote(name)} not found`)
  return chosen
}

function setOverhead(request: AdmissionRequest, fixed: Record<string, string>): void {
  const { spec } = request.object as Pod
  if (!spec) return
  if (Object.keys(spec.overhead ?? {}).length > 0) checkOverhead(request, fixed)
  spec.overhead = { ...fixed }
}

function checkOverhead(request: AdmissionRequest, fixed: Readonly<Record<string, string>>): void {
  const held = (request.object as Pod).spec?.overhead ?? {}
  const names = new Set([...Object.keys(fixed), ...Object.keys(held)])
  const same = [...names].every(name => {
    const [a, b] = [fixed[name], held[name]]
    return a !== undefined && b !== undefined && compareQuantity(parseQuantity(a), parseQuantity(b)) === 0
  })
  if (!same)
    throw refusal(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
}

function setScheduling(request: AdmissionRequest, { scheduling }: RuntimeClass): void {
  const { spec } = request.object as Pod
  if (!spec || !scheduling) return
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const held = spec.nodeSelector?.[key]
    if (held === undefined || held === value) continue
    throw refusal(
      request,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${held}`,
    )
  }
  if (scheduling.nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...scheduling.nodeSelector }
  const tolerations = mergeTolerations(spec.tolerations ?? [], scheduling.tolerations ?? [])
  if (tolerations.length) spec.tolerations = tolerations
}
