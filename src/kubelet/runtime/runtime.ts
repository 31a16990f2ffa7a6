import type { Duplex } from 'node:stream'
import type { CgroupUsage } from '../stats/cgroup.ts'

/**
 * What the kubelet needs of a container engine, in the words of the Container Runtime Interface. Everything a
 * restarted kubelet must know again is in the labels of sandboxes and containers, so `list` is the only memory.
 * A runtime never restarts anything by itself.
 */
export interface RuntimeService {
  version(): Promise<RuntimeVersion>
  /** Sandboxes and containers of one pod, or of all pods of this node. */
  list(podUid?: string): Promise<Observed>
  /** Makes and starts a pause container without network; answers its id. */
  createSandbox(spec: SandboxSpec): Promise<string>
  /** Makes a container inside a sandbox that is ready; answers its id. Does not start it. */
  createContainer(spec: ContainerSpec): Promise<string>
  /** Rejects with a `StartRefused` when there is nothing to run; the container counts as ended then. */
  start(id: string): Promise<void>
  /** Gives a running container other shares and limits; its oom_score_adj stays. */
  updateResources(id: string, resources: ContainerResources): Promise<void>
  /** SIGTERM (or the image's stop signal), then SIGKILL after `graceSeconds`. Resolves when it has ended; of an ended one at once. */
  stop(id: string, graceSeconds: number): Promise<void>
  /** Removes a container or sandbox, running or not. Of an absent one: nothing to do. */
  remove(id: string): Promise<void>
  /** Starts a command inside a running container. */
  exec(id: string, options: ExecOptions): Promise<Session>
  /** Joins the container's own standard streams. */
  attach(id: string, options: StreamOptions): Promise<Session>
  /** Makes the engine open the container's log file anew after it was renamed. */
  reopenLog(id: string): Promise<void>
  /** What the running containers of this node use. */
  stats(): Promise<readonly ContainerUsage[]>
  /** Calls `changed` with a pod's uid soon after one of its containers changed; resolves when `signal` aborts. */
  watch(changed: (podUid: string) => void, signal: AbortSignal): Promise<void>
}

export interface ImageService {
  list(): Promise<readonly Image[]>
  /** The image that this reference names here, or undefined. */
  find(reference: string): Promise<Image | undefined>
  /** Fetches from a registry. Rejects with a `PullError`. */
  pull(reference: string): Promise<Image>
  /** Makes an image of a root file system tar. */
  importTar(
    reference: string,
    tar: ReadableStream<Uint8Array> | Uint8Array,
    command?: readonly string[],
  ): Promise<Image>
  remove(id: string): Promise<void>
}

/** An engine: what `createKubelet` is given. */
export interface Runtime {
  readonly containers: RuntimeService
  readonly images: ImageService
}

/** An image could not be fetched. `reason` is what the container's waiting state shows. */
export class PullError extends Error {
  override name = 'PullError'
  readonly reason: 'ErrImagePull' | 'RegistryUnavailable' | 'InvalidImageName'
  constructor(reason: PullError['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

/** The engine found nothing to run, or could not: the container has ended before it began. */
export class StartRefused extends Error {
  override name = 'StartRefused'
}

export interface RuntimeVersion {
  /** `podman` */
  readonly name: string
  readonly version: string
}

/** Who a sandbox or container belongs to. */
export interface PodIdentity {
  readonly uid: string
  readonly name: string
  readonly namespace: string
}

export interface Observed {
  readonly sandboxes: readonly ObservedSandbox[]
  readonly containers: readonly ObservedContainer[]
}

export interface ObservedSandbox {
  readonly id: string
  readonly pod: PodIdentity
  readonly attempt: number
  readonly ready: boolean
  readonly createdAtMs: number
  /** Of the pause process, while ready. */
  readonly pid: number | undefined
}

export interface ObservedContainer {
  readonly id: string
  readonly pod: PodIdentity
  readonly name: string
  readonly sandboxId: string
  /** Restart count: 0 for the first one of its name. */
  readonly attempt: number
  readonly state: 'created' | 'running' | 'exited'
  readonly createdAtMs: number
  readonly startedAtMs: number | undefined
  readonly finishedAtMs: number | undefined
  /** Set once exited. 137 after SIGKILL. */
  readonly exitCode: number | undefined
  readonly oomKilled: boolean
  /** Set when it has ended because it could not be started: the engine's words. */
  readonly startError?: string
  /** Reference as the pod wrote it. */
  readonly image: string
  readonly imageId: string
  /** Where the container wrote why it ended, on the host. */
  readonly terminationMessagePath: string | undefined
  readonly logPath: string | undefined
}

export interface SandboxSpec {
  readonly pod: PodIdentity
  readonly attempt: number
  readonly hostname: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly hostNetwork: boolean
  readonly hostPid: boolean
  readonly hostIpc: boolean
  readonly shareProcessNamespace: boolean
  readonly sysctls: Readonly<Record<string, string>>
  /** cgroup parent below which every container of the pod lives; undefined: the engine's own default. */
  readonly cgroupParent: string | undefined
}

export interface ContainerSpec {
  readonly pod: PodIdentity
  readonly name: string
  readonly attempt: number
  readonly sandboxId: string
  readonly image: string
  readonly imageId: string
  /** Replaces the image's entrypoint when not empty. */
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly workingDir: string | undefined
  readonly env: readonly (readonly [name: string, value: string])[]
  readonly mounts: readonly Mount[]
  readonly devices: readonly string[]
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdinOnce: boolean
  readonly security: ContainerSecurity
  readonly resources: ContainerResources
  readonly hostNetwork: boolean
  readonly hostPid: boolean
  readonly hostIpc: boolean
  readonly shareProcessNamespace: boolean
  readonly cgroupParent: string | undefined
  readonly logPath: string
  readonly terminationMessagePath: string | undefined
  readonly stopSignal: string | undefined
  readonly labels: Readonly<Record<string, string>>
}

export interface Mount {
  readonly hostPath: string
  readonly containerPath: string
  readonly readOnly: boolean
  readonly propagation: 'private' | 'rslave' | 'rshared'
}

/** Undefined means: what the image and the engine say. */
export interface ContainerSecurity {
  readonly privileged: boolean
  readonly user: number | undefined
  readonly group: number | undefined
  readonly supplementalGroups: readonly number[]
  readonly readOnlyRootFilesystem: boolean
  readonly addCapabilities: readonly string[]
  readonly dropCapabilities: readonly string[]
  readonly noNewPrivileges: boolean
  readonly seccomp: 'RuntimeDefault' | 'Unconfined' | { readonly localhostProfile: string }
}

/** The kernel hands out CPU time in periods of so long. */
export const cpuPeriodUs = 100_000

export interface ContainerResources {
  /** Relative weight, 2 to 262144. */
  readonly cpuShares: number
  /** Microseconds of CPU per 100 ms; undefined: unlimited. */
  readonly cpuQuotaUs: number | undefined
  readonly memoryLimitBytes: number | undefined
  readonly oomScoreAdj: number
}

export interface StreamOptions {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

export interface ExecOptions extends StreamOptions {
  readonly command: readonly string[]
}

/** Streams of a running command. With `tty` everything comes through `stdout`. */
export interface Session {
  /** What goes in; ending it ends the command's input. */
  readonly stdin: Duplex | undefined
  /** What comes out, tagged; ends with the command. */
  readonly output: AsyncIterable<OutputChunk>
  resize(columns: number, rows: number): Promise<void>
  /** The command's exit code (attach: 0), once the output has ended. */
  exitCode(): Promise<number>
  close(): void
}

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Uint8Array
}

export interface Image {
  /** `sha256:…` */
  readonly id: string
  readonly tags: readonly string[]
  readonly digests: readonly string[]
  readonly sizeBytes: number
  /** The image's own user, `uid`, `uid:gid` or a name; '' when unset. */
  readonly user: string
}

/** What a running container uses, at `atMs`. */
export interface ContainerUsage extends CgroupUsage {
  readonly id: string
  readonly pod: PodIdentity
  readonly name: string
  readonly image: string
  readonly atMs: number
  readonly startedAtMs: number
  /** One of its processes; by it the pod's network is found. */
  readonly pid: number
  readonly logPath: string | undefined
}
