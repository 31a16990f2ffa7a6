import type { MachineUsage } from './usage.ts'

/** What a node is made of. A port: the real one reads the kernel, the simulated one is told. */
export interface Machine {
  /** Does not change while the process runs. */
  facts(): Promise<MachineFacts>
  /** What is left now; undefined where it cannot be known, and then it makes no pressure. */
  free(): Promise<MachineFree>
  /** What is used now; undefined where nothing is measured. */
  usage(): Promise<MachineUsage | undefined>
}

export interface MachineFacts {
  readonly cpus: number
  readonly memoryBytes: number
  readonly storageBytes: number
  readonly machineId: string
  readonly systemUuid: string
  readonly bootId: string
  readonly kernelVersion: string
  readonly osImage: string
  /** Go's name: `amd64`, `arm64`. */
  readonly architecture: string
  readonly hostname: string
}

export interface MachineFree {
  readonly memoryBytes: number | undefined
  /** Share of the file system under the data directory that is free, 0 to 1. */
  readonly storageShare: number | undefined
  readonly inodeShare: number | undefined
  readonly pids: number | undefined
}
