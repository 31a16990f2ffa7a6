import { constants } from 'node:os'
import {
  type ContainerResources,
  type ContainerSecurity,
  type ContainerSpec,
  cpuPeriodUs,
  type SandboxSpec,
} from '../runtime.ts'
import { engineName, identityLabels, labels } from './labels.ts'

/** What this process may ask the kernel for. */
export interface EngineLimits {
  readonly nodeName: string
  /** The lowest oom_score_adj that may be set: without CAP_SYS_RESOURCE our own. */
  readonly oomScoreAdjMin: number
}

type CreateSpec = Record<string, unknown>

/** The pause container in libpod's words (SpecGenerator). */
export function sandboxSpec(spec: SandboxSpec, limits: EngineLimits): CreateSpec {
  return {
    name: engineName(spec.pod, 'POD', spec.attempt),
    image: spec.image,
    labels: {
      ...identityLabels(spec.pod),
      [labels.node]: limits.nodeName,
      [labels.role]: 'sandbox',
      [labels.attempt]: String(spec.attempt),
    },
    ...(spec.hostNetwork ? { utsns: host } : { hostname: spec.hostname }),
    netns: spec.hostNetwork ? host : { nsmode: 'none' },
    ...(spec.hostIpc ? { ipcns: host } : {}),
    ...(spec.hostPid ? { pidns: host } : {}),
    sysctl: spec.sysctls,
    oom_score_adj: Math.max(-998, limits.oomScoreAdjMin),
    use_image_hosts: true,
    use_image_resolve_conf: true,
    log_configuration: { driver: 'none' },
    stop_timeout: 0,
    systemd: 'false',
    ...(spec.cgroupParent ? { cgroup_parent: spec.cgroupParent } : {}),
  }
}

const host = { nsmode: 'host' }

/** A member of a pod in libpod's words. `pausePid` holds the namespaces that it joins. */
export function containerSpec(spec: ContainerSpec, pausePid: number, limits: EngineLimits): CreateSpec {
  return {
    name: engineName(spec.pod, spec.name, spec.attempt),
    image: spec.imageId,
    ...(spec.command.length > 0 ? { entrypoint: spec.command } : {}),
    ...(spec.args.length > 0 ? { command: spec.args } : {}),
    ...(spec.workingDir ? { work_dir: spec.workingDir, create_working_dir: true } : {}),
    env: Object.fromEntries(spec.env),
    unsetenv: spec.tty ? ['container'] : ['container', 'TERM'],
    labels: containerLabels(spec, limits),
    terminal: spec.tty,
    stdin: spec.stdin,
    mounts: spec.mounts.map(mount => ({
      type: 'bind',
      source: mount.hostPath,
      destination: mount.containerPath,
      options: [
        'rbind',
        mount.readOnly ? 'ro' : 'rw',
        mount.propagation === 'private' ? 'rprivate' : mount.propagation,
      ],
    })),
    log_configuration: { driver: 'k8s-file', path: spec.logPath },
    ...namespaces(spec, pausePid),
    ...security(spec.security),
    resource_limits: resourceLimits(spec.resources),
    oom_score_adj: Math.max(spec.resources.oomScoreAdj, limits.oomScoreAdjMin),
    ...(spec.stopSignal ? { stop_signal: signalNumber(spec.stopSignal) } : {}),
    ...(spec.cgroupParent ? { cgroup_parent: spec.cgroupParent } : {}),
    systemd: 'false',
    restart_policy: 'no',
    stop_timeout: 0,
  }
}

function containerLabels(spec: ContainerSpec, { nodeName }: EngineLimits): Record<string, string> {
  return {
    ...spec.labels,
    ...identityLabels(spec.pod),
    [labels.node]: nodeName,
    [labels.role]: 'container',
    [labels.container]: spec.name,
    [labels.attempt]: String(spec.attempt),
    [labels.sandbox]: spec.sandboxId,
    [labels.image]: spec.image,
    [labels.imageId]: spec.imageId,
    [labels.logPath]: spec.logPath,
    [labels.terminationMessagePath]: spec.terminationMessagePath ?? '',
  }
}

function namespaces(spec: ContainerSpec, pausePid: number): CreateSpec {
  const joined = (kind: string) => ({ nsmode: 'path', value: `/proc/${pausePid}/ns/${kind}` })
  return {
    netns: spec.hostNetwork ? host : joined('net'),
    utsns: spec.hostNetwork ? host : joined('uts'),
    ipcns: spec.hostIpc ? host : joined('ipc'),
    ...(spec.hostPid ? { pidns: host } : spec.shareProcessNamespace ? { pidns: joined('pid') } : {}),
  }
}

function security(context: ContainerSecurity): CreateSpec {
  const { seccomp, user, group } = context
  const seccompPath =
    seccomp === 'Unconfined'
      ? 'unconfined'
      : seccomp === 'RuntimeDefault'
        ? undefined
        : seccomp.localhostProfile
  return {
    privileged: context.privileged,
    ...(user === undefined ? {} : { user: group === undefined ? String(user) : `${user}:${group}` }),
    groups: context.supplementalGroups.map(String),
    read_only_filesystem: context.readOnlyRootFilesystem,
    cap_add: context.addCapabilities.map(capability),
    cap_drop: context.dropCapabilities.map(capability),
    no_new_privileges: context.noNewPrivileges,
    ...(seccompPath && !context.privileged ? { seccomp_profile_path: seccompPath } : {}),
  }
}

function capability(name: string): string {
  const upper = name.toUpperCase()
  return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`
}

/** Requests and limits as the engine's `LinuxResources`. */
export function resourceLimits({ cpuShares, cpuQuotaUs, memoryLimitBytes }: ContainerResources): CreateSpec {
  return {
    cpu: { shares: cpuShares, ...(cpuQuotaUs ? { quota: cpuQuotaUs, period: cpuPeriodUs } : {}) },
    ...(memoryLimitBytes ? { memory: { limit: memoryLimitBytes, swap: memoryLimitBytes } } : {}),
  }
}

function signalNumber(name: string): number {
  const realtime = /^SIGRT(MIN|MAX)([+-]\d+)?$/.exec(name)
  if (realtime) return (realtime[1] === 'MIN' ? 34 : 64) + Number(realtime[2] ?? 0)
  return (constants.signals as Record<string, number>)[name] ?? constants.signals.SIGTERM
}
