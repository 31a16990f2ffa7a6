/** Plugins about pods that upstream has off unless `--enable-admission-plugins` names them. */
import type { Namespace, Pod } from '../../../api/types/core-v1.gen.ts'
import { readFields } from '../../../machinery/config/document.ts'
import { plainFailure } from '../../../machinery/status/errors.ts'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'
import { aggregateText } from '../../authz/rbac.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import type { Lister } from '../../lister.ts'
import { createsPod, isAbout, refusal } from '../refusal.ts'

type Container = {
  image?: string
  imagePullPolicy?: string
  resources?: { requests?: Record<string, string> }
}

/** Every container of a pod with its place. */
function containersOf({ spec }: Pod): readonly (readonly [string, Container])[] {
  const lists = {
    initContainers: spec?.initContainers,
    containers: spec?.containers,
    ephemeralContainers: spec?.ephemeralContainers,
  }
  return Object.entries(lists).flatMap(([field, list]) =>
    (list ?? []).map((container, index) => [`spec.${field}[${index}]`, container as Container] as const),
  )
}

function writesPod(request: AdmissionRequest): boolean {
  return (request.operation === 'CREATE' || request.operation === 'UPDATE') && isAbout(request, '', 'pods')
}

/** Images are pulled, and so paid for with credentials, each time (plugin/pkg/admission/alwayspullimages). */
export function alwaysPullImages(): AdmissionPlugin {
  return {
    name: 'AlwaysPullImages',
    handles: request => writesPod(request) && bringsImages(request),
    admit({ object }) {
      const pod = object as Pod
      for (const [, container] of containersOf(pod)) container.imagePullPolicy = 'Always'
      for (const { image } of pod.spec?.volumes ?? []) if (image) image.pullPolicy = 'Always'
    },
    validate(request) {
      const pod = request.object as Pod
      const policies = [
        ...containersOf(pod).map(
          ([path, held]) => [`${path}.imagePullPolicy`, held.imagePullPolicy] as const,
        ),
        ...(pod.spec?.volumes ?? []).flatMap(({ image }, index) =>
          image ? [[`spec.volumes[${index}].image.pullPolicy`, image.pullPolicy] as const] : [],
        ),
      ]
      const wrong = policies.flatMap(([path, policy = '']) =>
        policy === 'Always' ? [] : [notAlways(request, path, policy)],
      )
      if (wrong.length === 1) throw wrong[0]!
      if (wrong.length > 1) throw refusal(request, aggregateText(wrong.map(({ message }) => message)))
    },
  }
}

function notAlways(request: AdmissionRequest, path: string, policy: string) {
  const errors = createFieldErrors()
  errors.notSupported(path, policy, ['Always'])
  const [fault] = errors.list
  return refusal(request, `${fault?.field}: ${fault?.message}`)
}

function bringsImages({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE') return true
  const known = new Set(containersOf(oldObject as Pod).map(([, { image }]) => image))
  return containersOf(object as Pod).some(([, { image }]) => !known.has(image))
}

const hostname = 'kubernetes.io/hostname'

/** Pods may keep others away from their node, not from a whole zone (plugin/pkg/admission/antiaffinity). */
export function limitPodHardAntiAffinity(): AdmissionPlugin {
  return {
    name: 'LimitPodHardAntiAffinityTopology',
    handles: writesPod,
    validate(request) {
      const { affinity } = (request.object as Pod).spec ?? {}
      const terms = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
      const wide = terms.find(({ topologyKey }) => topologyKey !== hostname)
      if (!wide) return
      const detail = `has TopologyKey ${wide.topologyKey} but only key ${hostname} is allowed`
      throw refusal(request, `affinity.PodAntiAffinity.RequiredDuringScheduling ${detail}`)
    },
  }
}

/** Who asks for a device tolerates the taint of the nodes that have it (plugin/pkg/admission/extendedresourcetoleration). */
export function extendedResourceToleration(): AdmissionPlugin {
  return {
    name: 'ExtendedResourceToleration',
    handles: writesPod,
    admit({ object }) {
      const { spec } = object as Pod
      if (!spec) return
      const asked = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
        Object.keys(resources?.requests ?? {}).filter(isExtended),
      )
      for (const key of [...new Set(asked)].toSorted()) {
        const wanted = { key, operator: 'Exists', effect: 'NoSchedule' }
        const held = spec.tolerations ?? []
        const isThere = held.some(
          each => each.key === key && each.operator === 'Exists' && each.effect === 'NoSchedule',
        )
        if (!isThere) spec.tolerations = [...held, wanted]
      }
    },
  }
}

/** Outside of Kubernetes' own domain, and no quota's name. */
function isExtended(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.')
}

const selectorAnnotation = 'scheduler.alpha.kubernetes.io/node-selector'

/** `a=b,c=d` → labels; anything else is refused (apimachinery labels.ConvertSelectorToLabelsMap). */
function labelsOf(text: string): Readonly<Record<string, string>> {
  if (text === '') return {}
  return Object.fromEntries(
    text.split(',').map(pair => {
      const [key, value, ...more] = pair.split('=')
      if (key === undefined || value === undefined || more.length > 0)
        throw plainFailure(`invalid selector: [${pair.split('=').join(' ')}]`)
      return [key.trim(), value.trim()]
    }),
  )
}

const clusterDefault = 'clusterDefaultNodeSelector'

/** Reads the plugin's configuration: a selector for each namespace, and one for those that say nothing. */
export function readNodeSelectors(text: string): Readonly<Record<string, string>> {
  const fields = { podNodeSelectorPluginConfig: { mapOf: 'string' } } as const
  return (
    readFields<{ podNodeSelectorPluginConfig?: Record<string, string> }>(text, fields)
      .podNodeSelectorPluginConfig ?? {}
  )
}

/**
 * Pods of a namespace go to the nodes that its annotation selects, or else to those of `selectors`, and may ask for
 * no others than `selectors` has for it (plugin/pkg/admission/podnodeselector).
 */
export function podNodeSelector(
  namespaces: Lister<Namespace>,
  selectors: Readonly<Record<string, string>> = {},
): AdmissionPlugin {
  const selected = ({ info }: AdmissionRequest) =>
    labelsOf(
      namespaces.get('', info.namespace)?.metadata.annotations?.[selectorAnnotation] ??
        selectors[clusterDefault] ??
        '',
    )
  const merge = (request: AdmissionRequest) => {
    const own = (request.object as Pod).spec?.nodeSelector ?? {}
    const wanted = selected(request)
    const conflicts = Object.keys(wanted).some(key => key in own && own[key] !== wanted[key])
    if (conflicts)
      throw refusal(request, 'pod node label selector conflicts with its namespace node label selector')
    return { ...wanted, ...own }
  }
  const check = (request: AdmissionRequest) => {
    const merged = merge(request)
    const whitelist = labelsOf(selectors[request.info.namespace] ?? '')
    const isListed = ([key, value]: readonly [string, string]) => whitelist[key] === value
    if (Object.keys(whitelist).length > 0 && !Object.entries(merged).every(isListed))
      throw refusal(request, 'pod node label selector labels conflict with its namespace whitelist')
  }
  return {
    name: 'PodNodeSelector',
    handles: createsPod,
    admit(request) {
      const { spec } = request.object as Pod
      const merged = merge(request)
      if (spec && Object.keys(merged).length > 0) spec.nodeSelector = merged
      check(request)
    },
    validate: check,
  }
}
