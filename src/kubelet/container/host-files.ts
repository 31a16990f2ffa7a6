import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { VolumeMount } from '../../api/types/core-v1.gen.ts'
import type { KubeletConfig } from '../config.ts'
import { podLogDir } from '../logs/paths.ts'
import type { SpecRequest } from '../pod/environment.ts'
import type { Mount } from '../runtime/runtime.ts'
import { missing } from '../volumes/atomic-writer.ts'
import { configError } from './env.ts'
import { expand } from './expand.ts'
import { formatResolvConf, hostAliases, hostsFile, parseResolvConf, resolverConfig } from './resolv-conf.ts'
import { type ContainerFiles, podDomain, podHostname } from './spec.ts'
import { safeSubPath } from './sub-path.ts'

const terminationMessageDefault = '/dev/termination-log'

/** Makes on a real file system what a container finds mounted, under `<data-dir>/pods/<uid>`. */
export function hostFiles(config: KubeletConfig): ContainerFiles {
  return async (request, env) => {
    const { pod, container, attempt } = request
    const podDir = path.join(config.dataDir, 'pods', pod.metadata.uid ?? '')
    if ((container.volumeDevices?.length ?? 0) > 0)
      throw configError('volumeDevices are not supported by this node')
    const mounts: Mount[] = []
    for (const mount of container.volumeMounts ?? []) mounts.push(await volumeMount(request, mount, env))
    const managed = await managedFiles(request, config, podDir)
    const taken = new Set(mounts.map(mount => mount.containerPath))
    mounts.push(...managed.filter(mount => !taken.has(mount.containerPath)))
    const words = path.join(podDir, 'containers', container.name, String(attempt))
    await mkdir(path.dirname(words), { recursive: true })
    await writeFile(words, '')
    await chmod(words, 0o666)
    mounts.push(bind(words, container.terminationMessagePath || terminationMessageDefault))
    const logDir = path.join(podLogDir(config.podLogsDir, pod), container.name)
    await mkdir(logDir, { recursive: true, mode: 0o755 })
    return {
      mounts,
      devices: [],
      logPath: path.join(logDir, `${attempt}.log`),
      terminationMessagePath: words,
    }
  }
}

const propagations: Readonly<Record<string, Mount['propagation']>> = {
  None: 'private',
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
}

async function volumeMount(
  request: SpecRequest,
  mount: VolumeMount,
  env: ReadonlyMap<string, string>,
): Promise<Mount> {
  const volume = request.volumes.get(mount.name)
  if (!volume)
    throw configError(
      `cannot find volume "${mount.name}" to mount into container "${request.container.name}"`,
    )
  const subPath = mount.subPathExpr ? expandAll(mount.subPathExpr, env) : mount.subPath
  const containerPath = path.isAbsolute(mount.mountPath) ? mount.mountPath : `/${mount.mountPath}`
  const hostPath = subPath ? await subPathOf(request, volume, subPath) : volume
  return {
    hostPath,
    containerPath,
    readOnly: mount.readOnly ?? isApiVolume(request, mount.name),
    propagation: propagations[mount.mountPropagation ?? 'None'] ?? 'private',
  }
}

async function subPathOf({ pod, container }: SpecRequest, volume: string, subPath: string): Promise<string> {
  try {
    const made = await safeSubPath(volume, subPath)
    const group = pod.spec?.securityContext?.fsGroup
    if (group !== undefined && made.startsWith(`${volume}/`)) await chown(made, -1, group)
    return made
  } catch (error) {
    throw configError(
      `failed to prepare subPath for volumeMount of container "${container.name}": ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** What the kubelet writes nobody else may write (upstream since 1.9.6). */
function isApiVolume({ pod }: SpecRequest, name: string): boolean {
  const volume = pod.spec?.volumes?.find(entry => entry.name === name)
  return (volume?.configMap ?? volume?.secret ?? volume?.downwardAPI ?? volume?.projected) !== undefined
}

function expandAll(text: string, env: ReadonlyMap<string, string>): string {
  return expand(text, name => {
    const value = env.get(name)
    if (value === undefined)
      throw configError(`failed to expand subPath for volumeMount: missing value for "${name}"`)
    return value
  })
}

async function managedFiles(
  { pod, podIps }: SpecRequest,
  config: KubeletConfig,
  podDir: string,
): Promise<Mount[]> {
  const hostname = podHostname(pod, config)
  const domain = pod.spec?.subdomain ? podDomain(pod, config.clusterDomain) : undefined
  const hosts = pod.spec?.hostNetwork
    ? `# Kubernetes-managed hosts file (host network).\n${await readFile('/etc/hosts', 'utf8')}${hostAliases(pod)}`
    : hostsFile(pod, podIps, { hostname, domain })
  const resolver = resolverConfig(
    pod,
    config,
    parseResolvConf((await readFile('/etc/resolv.conf', 'utf8').catch(missing)) ?? ''),
  )
  const files: readonly (readonly [name: string, target: string, text: string])[] = [
    ['etc-hosts', '/etc/hosts', hosts],
    ['resolv.conf', '/etc/resolv.conf', formatResolvConf(resolver)],
    ['hostname', '/etc/hostname', `${hostname.split('.')[0]}\n`],
  ]
  await mkdir(podDir, { recursive: true, mode: 0o750 })
  for (const [name, , text] of files) await writeFile(path.join(podDir, name), text, { mode: 0o644 })
  return files.map(([name, target]) => bind(path.join(podDir, name), target))
}

function bind(hostPath: string, containerPath: string): Mount {
  return { hostPath, containerPath, readOnly: false, propagation: 'private' }
}
