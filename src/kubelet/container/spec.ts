import type { Container, Node, Pod, Service } from '../../api/types/core-v1.gen.ts'
import { parseQuantity, quantityToNumber } from '../../machinery/quantity/index.ts'
import type { KubeletConfig } from '../config.ts'
import type { SpecBuilder, SpecRequest } from '../pod/environment.ts'
import type { References } from '../references.ts'
import type { Mount, PodIdentity } from '../runtime/runtime.ts'
import { buildEnv, configError } from './env.ts'
import { expand } from './expand.ts'
import { containerResources } from './resources.ts'
import { containerSecurity } from './security.ts'

/** Files on the host that a container gets: volumes, hosts, resolv.conf, its log and its last words. */
export type ContainerFiles = (request: SpecRequest, env: ReadonlyMap<string, string>) => Promise<HostFiles>

export interface HostFiles {
  readonly mounts: readonly Mount[]
  readonly devices: readonly string[]
  readonly logPath: string
  readonly terminationMessagePath: string | undefined
}

export interface SpecBuilderOptions {
  readonly config: KubeletConfig
  readonly references: References
  readonly services: () => Iterable<Service>
  readonly node: () => Node | undefined
  readonly files: ContainerFiles
}

/** Upstream kuberuntime generateContainerConfig and generatePodSandboxConfig. */
export function createSpecBuilder(options: SpecBuilderOptions): SpecBuilder {
  const { config, files, node } = options
  const resources = (pod: Pod, container: Container) => {
    const memoryCapacity = node()?.status?.capacity?.memory ?? '1Ti'
    return containerResources(pod, container, quantityToNumber(parseQuantity(memoryCapacity)))
  }
  return {
    resources,
    sandbox: (pod, attempt) => ({
      pod: identityOf(pod),
      attempt,
      hostname: podHostname(pod, config),
      image: config.pauseImage,
      labels: pod.metadata.labels ?? {},
      annotations: pod.metadata.annotations ?? {},
      ...namespacesOf(pod),
      sysctls: Object.fromEntries(
        (pod.spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value]),
      ),
      cgroupParent: undefined,
    }),
    async container(request) {
      const { pod, container, image } = request
      const status = node()?.status
      const env = await buildEnv({
        ...{ pod, container, podIps: request.podIps, hostIps: config.nodeIps, nodeName: config.nodeName },
        ...{
          allocatable: status?.allocatable ?? {},
          services: options.services(),
          references: options.references,
        },
      })
      const lookup = (name: string) => env.get(name)
      return {
        pod: identityOf(pod),
        name: container.name,
        attempt: request.attempt,
        sandboxId: request.sandboxId,
        image: container.image ?? '',
        imageId: image.id,
        command: (container.command ?? []).map(text => expand(text, lookup)),
        args: (container.args ?? []).map(text => expand(text, lookup)),
        workingDir: container.workingDir,
        // As every container runtime below a kubelet sets it; what the pod says goes before.
        env: [...new Map([['HOSTNAME', podHostname(pod, config)], ...env])],
        ...(await files(request, env)),
        tty: container.tty ?? false,
        stdin: container.stdin ?? false,
        stdinOnce: container.stdinOnce ?? false,
        security: containerSecurity(pod, container, image),
        resources: resources(pod, container),
        ...namespacesOf(pod),
        cgroupParent: undefined,
        stopSignal: container.lifecycle?.stopSignal,
        labels: {},
      }
    },
  }
}

function namespacesOf({ spec }: Pod) {
  return {
    hostNetwork: spec?.hostNetwork ?? false,
    hostPid: spec?.hostPID ?? false,
    hostIpc: spec?.hostIPC ?? false,
    shareProcessNamespace: spec?.shareProcessNamespace ?? false,
  }
}

export function identityOf({ metadata }: Pod): PodIdentity {
  return { uid: metadata.uid ?? '', name: metadata.name ?? '', namespace: metadata.namespace ?? '' }
}

const hostnameMax = 63

/** The pod's own host name, cut to what the kernel takes (upstream GeneratePodHostNameAndDomain). */
export function podHostname(pod: Pod, { clusterDomain, nodeName }: KubeletConfig): string {
  if (pod.spec?.hostNetwork) return nodeName
  if (pod.spec?.hostnameOverride) return pod.spec.hostnameOverride
  const short = (pod.spec?.hostname || pod.metadata.name || '').slice(0, hostnameMax).replace(/[-.]+$/, '')
  if (!pod.spec?.setHostnameAsFQDN || !pod.spec.subdomain) return short
  const full = `${short}.${podDomain(pod, clusterDomain)}`
  if (full.length > 64)
    throw configError(
      `Failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (64 characters is the max, ${full.length} characters requested)`,
    )
  return full
}

/** `<subdomain>.<namespace>.svc.<cluster domain>` */
export function podDomain(pod: Pod, clusterDomain: string): string {
  return `${pod.spec?.subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`
}
