import type { LifecycleHandler, Probe, SELinuxOptions } from '../../../api/types/core-v1.gen.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import {
  type Check,
  type CheckPod,
  containersOf,
  containersText,
  exceptUserNamespaces,
  joinQuoted,
  namesOf,
  plural,
  settersText,
  sortedSet,
} from './check.ts'

const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/'
const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/'

const defaultCapabilities: ReadonlySet<string> = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
])

const sysctls0 = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
]
const sysctls27 = [...sysctls0, 'net.ipv4.ip_local_reserved_ports']
const sysctls29 = [
  ...sysctls27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]
const sysctls32 = [...sysctls29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']

const seLinuxTypes0 = ['', 'container_t', 'container_init_t', 'container_kvm_t']
const seLinuxTypes31 = [...seLinuxTypes0, 'container_engine_t']

const appArmor: CheckPod = pod => {
  const allowed = (type: string | undefined) =>
    type === undefined || type === 'RuntimeDefault' || type === 'Localhost'
  const podType = pod.spec.securityContext?.appArmorProfile?.type
  const bad = containersOf(pod).filter(item => !allowed(item.securityContext?.appArmorProfile?.type))
  const annotations = Object.entries(pod.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorAnnotation) && !allowedAppArmorAnnotation(value))
    .map(([key, value]) => `${key}=${quote(value)}`)
    .sort()
  const types = [
    ...(allowed(podType) ? [] : [podType ?? '']),
    ...bad.map(item => item.securityContext?.appArmorProfile?.type ?? ''),
  ]
  const values = [...sortedSet(types), ...annotations]
  if (values.length === 0) return undefined
  const setters = [
    ...(types.length ? [settersText(!allowed(podType), namesOf(bad))] : []),
    ...(annotations.length ? [plural('annotation', annotations.length)] : []),
  ].join(' and ')
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${setters} must not set AppArmor profile type to ${joinQuoted(values)}`,
  }
}

function allowedAppArmorAnnotation(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/')
}

const capabilities: CheckPod = pod => {
  const added = (item: ReturnType<typeof containersOf>[number]) =>
    (item.securityContext?.capabilities?.add ?? []).filter(name => !defaultCapabilities.has(name))
  const bad = containersOf(pod).filter(item => added(item).length > 0)
  if (bad.length === 0) return undefined
  const names = joinQuoted(sortedSet(bad.flatMap(added)))
  return {
    reason: 'non-default capabilities',
    detail: `${containersText(namesOf(bad))} must not include ${names} in securityContext.capabilities.add`,
  }
}

const hostNamespaces: CheckPod = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter(name => spec[name])
  if (used.length === 0) return undefined
  return { reason: 'host namespaces', detail: used.map(name => `${name}=true`).join(', ') }
}

const hostPathVolumes: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter(volume => volume.hostPath)
  if (bad.length === 0) return undefined
  return { reason: 'hostPath volumes', detail: `${plural('volume', bad.length)} ${joinQuoted(namesOf(bad))}` }
}

const hostPorts: CheckPod = pod => {
  const bad = containersOf(pod).filter(item => item.ports?.some(port => port.hostPort))
  if (bad.length === 0) return undefined
  const ports = sortedSet(
    bad.flatMap(item => (item.ports ?? []).flatMap(port => (port.hostPort ? [String(port.hostPort)] : []))),
  )
  const uses = `${plural('uses', bad.length, 'use')} ${plural('hostPort', ports.length)} ${ports.join(', ')}`
  return { reason: 'hostPort', detail: `${containersText(namesOf(bad))} ${uses}` }
}

const hostProbes: CheckPod = pod => {
  const hostsOf = (item: ReturnType<typeof containersOf>[number]) =>
    [
      item.livenessProbe,
      item.readinessProbe,
      item.startupProbe,
      item.lifecycle?.postStart,
      item.lifecycle?.preStop,
    ].flatMap(handlerHosts)
  const bad = containersOf(pod).filter(item => hostsOf(item).length > 0)
  if (bad.length === 0) return undefined
  const names = sortedSet(namesOf(bad))
  const hosts = sortedSet(bad.flatMap(hostsOf))
  const uses = `${plural('uses', names.length, 'use')} ${plural('probe or lifecycle host', hosts.length)}`
  return {
    reason: 'probe or lifecycle host',
    detail: `${containersText(names)} ${uses} ${joinQuoted(hosts)}`,
  }
}

function handlerHosts(handler: Probe | LifecycleHandler | undefined): string[] {
  return [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host): host is string => Boolean(host))
}

const privileged: CheckPod = pod => {
  const bad = containersOf(pod).filter(item => item.securityContext?.privileged)
  if (bad.length === 0) return undefined
  return {
    reason: 'privileged',
    detail: `${containersText(namesOf(bad))} must not set securityContext.privileged=true`,
  }
}

/** A masked /proc; since 1.35 only the restricted level insists on it in user namespaces. */
export const procMount: CheckPod = pod => {
  const bad = containersOf(pod).filter(
    ({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default',
  )
  if (bad.length === 0) return undefined
  const values = joinQuoted(sortedSet(bad.map(item => item.securityContext?.procMount ?? '')))
  return {
    reason: 'procMount',
    detail: `${containersText(namesOf(bad))} must not set securityContext.procMount to ${values}`,
  }
}

const seLinux =
  (types: readonly string[]): CheckPod =>
  pod => {
    const wrong = (options: SELinuxOptions | undefined) =>
      options !== undefined &&
      (!types.includes(options.type ?? '') || Boolean(options.user) || Boolean(options.role))
    const podOptions = pod.spec.securityContext?.seLinuxOptions
    const bad = containersOf(pod).filter(item => wrong(item.securityContext?.seLinuxOptions))
    const set = [
      ...(podOptions && wrong(podOptions) ? [podOptions] : []),
      ...bad.flatMap(item => item.securityContext?.seLinuxOptions ?? []),
    ]
    if (set.length === 0) return undefined
    const badTypes = sortedSet(set.map(options => options.type ?? '').filter(type => !types.includes(type)))
    const data = [
      ...(badTypes.length ? [`${plural('type', badTypes.length)} ${joinQuoted(badTypes)}`] : []),
      ...(set.some(options => options.user) ? ['user may not be set'] : []),
      ...(set.some(options => options.role) ? ['role may not be set'] : []),
    ].join('; ')
    const setters = settersText(wrong(podOptions), namesOf(bad))
    return {
      reason: 'seLinuxOptions',
      detail: `${setters} set forbidden securityContext.seLinuxOptions: ${data}`,
    }
  }

const seccompAnnotations: CheckPod = pod => {
  const keys = [
    seccompPodAnnotation,
    ...namesOf(containersOf(pod)).map(name => `${seccompContainerAnnotation}${name}`),
  ]
  const bad = sortedSet(
    keys.flatMap(key => {
      const value = pod.metadata.annotations?.[key]
      return value === undefined || allowedSeccompAnnotation(value) ? [] : [`${key}=${quote(value)}`]
    }),
  )
  if (bad.length === 0) return undefined
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', bad.length)} ${bad.join(', ')}`,
  }
}

function allowedSeccompAnnotation(value: string): boolean {
  return value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')
}

/** Explicitly wrong seccomp profiles; the restricted level starts with the same check. */
export const seccompProfile: CheckPod = pod => {
  const wrong = (type: string | undefined) =>
    type !== undefined && type !== 'Localhost' && type !== 'RuntimeDefault'
  const podType = pod.spec.securityContext?.seccompProfile?.type
  const bad = containersOf(pod).filter(item => wrong(item.securityContext?.seccompProfile?.type))
  if (!wrong(podType) && bad.length === 0) return undefined
  const types = [podType, ...bad.map(item => item.securityContext?.seccompProfile?.type)].filter(
    (type): type is string => wrong(type),
  )
  const setters = settersText(wrong(podType), namesOf(bad))
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${joinQuoted(sortedSet(types))}`,
  }
}

const sysctls =
  (allowed: readonly string[]): CheckPod =>
  ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).filter(({ name }) => !allowed.includes(name))
    return bad.length ? { reason: 'forbidden sysctls', detail: namesOf(bad).join(', ') } : undefined
  }

const windowsHostProcess: CheckPod = pod => {
  const bad = containersOf(pod).filter(item => item.securityContext?.windowsOptions?.hostProcess)
  const podSets = pod.spec.securityContext?.windowsOptions?.hostProcess ?? false
  if (!podSets && bad.length === 0) return undefined
  const setters = settersText(podSets, namesOf(bad))
  return {
    reason: 'hostProcess',
    detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true`,
  }
}

/** Every control of the level `baseline`, by name. */
export const baselineChecks: readonly Check[] = [
  { id: 'appArmorProfile', versions: [{ since: 0, check: appArmor }] },
  { id: 'capabilities_baseline', versions: [{ since: 0, check: capabilities }] },
  { id: 'hostNamespaces', versions: [{ since: 0, check: hostNamespaces }] },
  { id: 'hostPathVolumes', versions: [{ since: 0, check: hostPathVolumes }] },
  { id: 'hostPorts', versions: [{ since: 0, check: hostPorts }] },
  { id: 'hostProbesAndHostLifecycle', versions: [{ since: 34, check: hostProbes }] },
  { id: 'privileged', versions: [{ since: 0, check: privileged }] },
  {
    id: 'procMount',
    versions: [
      { since: 0, check: procMount },
      { since: 35, check: exceptUserNamespaces(procMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    versions: [
      { since: 0, check: seLinux(seLinuxTypes0) },
      { since: 31, check: seLinux(seLinuxTypes31) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    versions: [
      { since: 0, check: seccompAnnotations },
      { since: 19, check: seccompProfile },
    ],
  },
  {
    id: 'sysctls',
    versions: [
      { since: 0, check: sysctls(sysctls0) },
      { since: 27, check: sysctls(sysctls27) },
      { since: 29, check: sysctls(sysctls29) },
      { since: 32, check: sysctls(sysctls32) },
    ],
  },
  { id: 'windowsHostProcess', versions: [{ since: 0, check: windowsHostProcess }] },
]
