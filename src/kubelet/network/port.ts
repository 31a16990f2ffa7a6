import type { Pod } from '../../api/types/core-v1.gen.ts'

/** How a pod gets onto the network. Implemented beside this file; the kubelet calls it around the sandbox. */
export interface PodNetwork {
  /**
   * Wires up a sandbox that has an empty network namespace and answers its addresses, the primary first.
   * Setting up the same sandbox again (after a restart) answers the same addresses.
   */
  setup(sandbox: SandboxNamespace, pod: Pod): Promise<PodAddresses>
  /** Gives everything back; of an unknown sandbox nothing, without failing. */
  teardown(sandbox: SandboxNamespace): Promise<void>
  /** The addresses of a sandbox that was set up, or undefined. */
  addresses(sandboxId: string): Promise<PodAddresses | undefined>
  /** Why pods cannot be wired up now, in words for the node's Ready condition; undefined when they can. */
  notReady(): string | undefined
}

export interface SandboxNamespace {
  readonly sandboxId: string
  readonly podUid: string
  /** Process that holds the namespace; undefined when it is gone. */
  readonly pid: number | undefined
  /** `/proc/<pid>/ns/net`. */
  readonly path: string | undefined
}

export interface PodAddresses {
  readonly ips: readonly string[]
}
