import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { PriorityClass } from '../../api/types/scheduling-v1.gen.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../context.ts'
import type { Lister } from '../lister.ts'
import { isAbout, refusal } from './refusal.ts'

/** Turns a pod's priority class into its priority (plugin/pkg/admission/priority). */
export function priority(classes: Lister<PriorityClass>): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') &&
      (isAbout(request, '', 'pods') || isAbout(request, 'scheduling.k8s.io', 'priorityclasses')),
    admit(request) {
      if (!isAbout(request, '', 'pods')) return
      if (request.operation === 'CREATE') setPriority(request, classes)
      else keepPriority(request.object as Pod, request.oldObject as Pod)
    },
    validate(request) {
      if (isAbout(request, 'scheduling.k8s.io', 'priorityclasses')) checkSingleDefault(request, classes)
    },
  }
}

/** Clients that do not know the fields may leave them out of an update. */
function keepPriority({ spec }: Pod, { spec: old }: Pod): void {
  if (!spec || !old) return
  if (spec.priority === undefined && old.priority !== undefined) spec.priority = old.priority
  if (spec.preemptionPolicy === undefined && old.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = old.preemptionPolicy
  }
}

function setPriority(request: AdmissionRequest, classes: Lister<PriorityClass>): void {
  const { spec } = request.object as Pod
  if (!spec) return
  const name = spec.priorityClassName
  const chosen = name ? classes.get('', name) : defaultClass(classes)
  if (name && !chosen) throw refusal(request, `no PriorityClass with name ${name} was found`)
  if (chosen && !name) spec.priorityClassName = chosen.metadata.name
  const value = chosen?.value ?? 0
  const policy = chosen ? chosen.preemptionPolicy : 'PreemptLowerPriority'
  if (spec.priority !== undefined && spec.priority !== value) {
    throw refusal(
      request,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    )
  }
  spec.priority = value
  if (policy === undefined) return
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refusal(
      request,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    )
  }
  spec.preemptionPolicy = policy
}

/** Of several defaults (a race made them) the lowest counts. */
function defaultClass(classes: Lister<PriorityClass>): PriorityClass | undefined {
  return classes
    .list()
    .filter(item => item.globalDefault)
    .sort((a, b) => a.value - b.value)[0]
}

function checkSingleDefault(request: AdmissionRequest, classes: Lister<PriorityClass>): void {
  const written = request.object as PriorityClass
  const existing = written.globalDefault ? defaultClass(classes) : undefined
  const name = existing?.metadata.name
  if (!existing || (request.operation === 'UPDATE' && name === written.metadata.name)) return
  throw refusal(request, `PriorityClass ${name} is already marked as default. Only one default can exist`)
}
