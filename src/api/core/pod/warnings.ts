/** Texts of the `Warning:` headers of pods and templates (pkg/api/pod/warnings.go). */
import { dns1123LabelErrors } from '../../../machinery/meta/names.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import { addressWarnings } from '../../../machinery/validation/address-warnings.ts'
import type {
  Affinity,
  Container,
  ContainerPort,
  EnvVar,
  Pod,
  PodSpec,
  PodTemplateSpec,
} from '../../types/core-v1.gen.ts'
import { claimSpecWarnings } from '../claim-warnings.ts'
import { annotationWarnings, nodeLabelWarnings, type PodPlace } from './deprecation-warnings.ts'
import { overlapWarnings } from './overlap-warnings.ts'
import { isWholeAmount } from './whole-amount.ts'

const deprecatedVolumes: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}
const byteResources = ['memory', 'ephemeral-storage']

/** Of a new pod; a changed one was warned about when it was made. */
export function podWarnings(pod: Pod, old: Pod | undefined): readonly string[] {
  if (old) return []
  const reasons = dns1123LabelErrors(pod.metadata.name ?? '')
  const advice =
    "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
  const own = reasons.length > 0 ? [`metadata.name: ${advice}: [${reasons.join(' ')}]`] : []
  const warnings = specWarnings({ metadata: pod.metadata, spec: pod.spec!, base: '' })
  return [...own, ...warnings]
}

/** Of a new object whose name its pods' names begin with. */
export function nameWarnings(name: string | undefined, old: object | undefined): readonly string[] {
  const reasons = old ? [] : dns1123LabelErrors(name ?? '')
  const advice =
    'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended'
  return reasons.length > 0 ? [`metadata.name: ${advice}: [${reasons.join(' ')}]`] : []
}

interface Workload {
  readonly metadata: { readonly generation?: number }
}

/** Of a workload that is new or wants something else. `path`: where its template stands. */
export function templateWarnings(
  template: PodTemplateSpec | undefined,
  path: string,
  [object, old]: readonly [Workload, Workload | undefined],
): readonly string[] {
  const isSame = old && old.metadata.generation === object.metadata.generation
  if (isSame || !template?.spec) return []
  return specWarnings({ metadata: template.metadata, spec: template.spec, base: path })
}

function specWarnings(place: PodPlace): string[] {
  const { spec, base } = place
  const path = base === '' ? 'spec' : `${base}.spec`
  const containers = (['initContainers', 'containers'] as const).flatMap(list =>
    (spec[list] ?? []).map((container, i) => ({ container, at: `${path}.${list}[${i}]` })),
  )
  const spread = (spec.topologySpreadConstraints ?? []).flatMap(({ labelSelector }, i) => {
    const at = `${path}.topologySpreadConstraints[${i}].labelSelector`
    return labelSelector ? [] : [`${at}: a null labelSelector results in matching no pod`]
  })
  const volumes = (spec.volumes ?? []).flatMap((volume, i) =>
    Object.keys(volume).flatMap(source => {
      if (source === 'ephemeral') {
        const at = `${path}.volumes[${i}].ephemeral.volumeClaimTemplate.spec`
        return claimSpecWarnings(volume.ephemeral?.volumeClaimTemplate?.spec, at)
      }
      const text = Object.hasOwn(deprecatedVolumes, source) ? deprecatedVolumes[source] : undefined
      return text ? [`${path}.volumes[${i}].${source === 'storageos' ? 'storageOS' : source}: ${text}`] : []
    }),
  )
  return [
    ...nodeLabelWarnings(place, path),
    ...spread,
    ...annotationWarnings(place),
    ...affinityWarnings(spec.affinity, `${path}.affinity`),
    ...volumes,
    ...overlapWarnings(spec.volumes ?? []),
    ...aliasWarnings(spec, path),
    ...secretWarnings(spec, path),
    ...containers.flatMap(({ container, at }) => [
      ...amountWarnings(container, at),
      ...envWarnings(container.env, at),
    ]),
    ...portWarnings(containers),
    ...graceWarnings(spec, path),
    ...addressWarningsOf(spec, path),
  ]
}

/** Terms without a selector mean no pod. */
function affinityWarnings(affinity: Affinity | undefined, path: string): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap(side => {
    const required = affinity?.[side]?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    const preferred = affinity?.[side]?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const when = 'DuringSchedulingIgnoredDuringExecution'
    const meansNone = (at: string) => `${at}: a null labelSelector results in matching no pod`
    return [
      ...required.flatMap(({ labelSelector }, i) =>
        labelSelector ? [] : [meansNone(`${path}.${side}.required${when}[${i}].labelSelector`)],
      ),
      ...preferred.flatMap(({ podAffinityTerm }, i) =>
        podAffinityTerm?.labelSelector
          ? []
          : [meansNone(`${path}.${side}.preferred${when}[${i}].podAffinityTerm.labelSelector`)],
      ),
    ]
  })
}

function aliasWarnings({ hostAliases = [] }: PodSpec, path: string): string[] {
  const addresses = hostAliases.map(({ ip }) => ip)
  return addresses.flatMap((ip, i) =>
    addresses.indexOf(ip) < i ? [`${path}.hostAliases[${i}].ip: duplicate ip ${quote(ip)}`] : [],
  )
}

function graceWarnings({ terminationGracePeriodSeconds: seconds = 0 }: PodSpec, path: string): string[] {
  const text = 'must be >= 0; negative values are invalid and will be treated as 1'
  return seconds < 0 ? [`${path}.terminationGracePeriodSeconds: ${text}`] : []
}

function addressWarningsOf({ dnsConfig, hostAliases = [] }: PodSpec, path: string): string[] {
  return [
    ...(dnsConfig?.nameservers ?? []).flatMap((ip, i) =>
      addressWarnings(ip, `${path}.dnsConfig.nameservers[${i}]`),
    ),
    ...hostAliases.flatMap(({ ip }, i) => addressWarnings(ip, `${path}.hostAliases[${i}].ip`)),
  ]
}

/** Of the addresses that a kubelet tells. */
export function podStatusWarnings({ status = {} }: Pod): string[] {
  return (['podIPs', 'hostIPs'] as const).flatMap(list =>
    (status[list] ?? []).flatMap(({ ip = '' }, i) => addressWarnings(ip, `status.${list}[${i}].ip`)),
  )
}

function secretWarnings({ imagePullSecrets = [] }: PodSpec, path: string): string[] {
  const at = (index: number) => `${path}.imagePullSecrets[${index}].name`
  const names = imagePullSecrets.map(({ name = '' }) => name)
  const twice = names.flatMap((name, i) =>
    names.indexOf(name) < i ? [`${at(i)}: duplicate name ${quote(name)}`] : [],
  )
  const empty = names.flatMap((name, i) => (name ? [] : [`${at(i)}: invalid empty name ""`]))
  return [...twice, ...empty]
}

function amountWarnings({ resources = {} }: Container, path: string): string[] {
  return byteResources.flatMap(name =>
    (['limits', 'requests'] as const).flatMap(side => {
      const text = resources[side]?.[name]
      if (text === undefined || isWholeAmount(text)) return []
      return [
        `${path}.resources.${side}[${name}]: fractional byte value ${quote(text)} is invalid, must be an integer`,
      ]
    }),
  )
}

/** A repeated variable is fine only when it builds on the one before. */
function envWarnings(env: readonly EnvVar[] = [], path: string): string[] {
  const seen = new Set<string>()
  return env.flatMap(({ name, value = '', valueFrom }, i) => {
    const isRepeated = seen.has(name)
    seen.add(name)
    const reference = `$(${name})`
    const buildsOn = !valueFrom && value !== reference && value.includes(reference)
    if (!isRepeated || buildsOn) return []
    return [
      `${path}.env[${i}]: hides previous definition of ${quote(name)}, which may be dropped when using apply`,
    ]
  })
}

function portWarnings(
  containers: readonly { readonly container: Container; readonly at: string }[],
): string[] {
  const all = containers.flatMap(({ container, at }) => {
    return (container.ports ?? []).map((port, i) => ({ port, at: `${at}.ports[${i}]` }))
  })
  const overlaps = all.flatMap(({ port, at }, index) => [
    ...(port.hostIP && !port.hostPort ? [`${at}: hostIP set without hostPort: ${shownPort(port)}`] : []),
    ...all.slice(0, index).flatMap(other => {
      const text = overlap(port, other.port)
      return text ? [`${at}: ${text} port definition with ${other.at}`] : []
    }),
  ])
  const named = all.filter(({ port }) => port.name)
  const namesakes = named.flatMap(({ port: { name = '' }, at }, index) => {
    const first = named.findIndex(({ port }) => port.name === name)
    if (first === index) return []
    const other = named[first]!.at
    const advice = `services and probes that select ports by name will use ${other}`
    return [`${at}: duplicate port name ${quote(name)} with ${other}, ${advice}`]
  })
  return [...overlaps, ...namesakes]
}

/** As Go prints the struct. */
function shownPort({ name = '', hostPort = 0, containerPort, protocol, hostIP }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
}

function overlap(a: ContainerPort, b: ContainerPort): string | undefined {
  if (a.containerPort !== b.containerPort || a.protocol !== b.protocol) return undefined
  const [hostA, hostB] = [a.hostPort ?? 0, b.hostPort ?? 0]
  const [ipA, ipB] = [a.hostIP ?? '', b.hostIP ?? '']
  if (hostA === hostB && ipA === ipB) return 'duplicate'
  if (hostA === 0 || hostB === 0) return 'overlapping'
  return hostA === hostB && (ipA === '') !== (ipB === '') ? 'dangerously ambiguous' : undefined
}
