import type { KubeletHost } from './host.ts'
import type { PodNetwork } from './network/port.ts'
import type { MachineFacts } from './node/machine.ts'

/** A machine that is only told about: nothing is written, every probe and hook succeeds. */
export function simulatedHost(facts: Partial<MachineFacts> & { readonly hostname: string }): KubeletHost {
  const free = { memoryBytes: undefined, storageShare: undefined, inodeShare: undefined, pids: undefined }
  return {
    runtimeName: 'simulated',
    machine: {
      facts: async () => ({ ...simulatedFacts, ...facts }),
      free: async () => free,
      usage: async () => undefined,
    },
    volumes: { setUp: async () => new Map(), tearDown: async () => {} },
    files: async () => ({ mounts: [], devices: [], logPath: '', terminationMessagePath: undefined }),
    prober: async () => ({ ok: true, output: '' }),
    runHook: async () => {},
    terminationMessage: () => undefined,
    removeLogs: async () => {},
    staticPods: async () => {},
    run: async () => {},
  }
}

/** A node as kwok imagines it: room for many pods. */
const simulatedFacts: Omit<MachineFacts, 'hostname'> = {
  cpus: 32,
  memoryBytes: 256 * 2 ** 30,
  storageBytes: 2 ** 40,
  machineId: '',
  systemUuid: '',
  bootId: '',
  kernelVersion: '',
  osImage: 'simulated',
  architecture: 'amd64',
}

/** Hands out addresses `<prefix>.1`, `.2`, … and wires up nothing. `prefix` names a /24 (`10.42.0`) or a /16 (`10.42`). */
export function simulatedNetwork(prefix: string): PodNetwork {
  const given = new Map<string, string>()
  const free: string[] = []
  let last = 0
  const next = () => {
    last++
    return prefix.split('.').length === 3 ? `${prefix}.${last}` : `${prefix}.${last >> 8}.${last & 255}`
  }
  return {
    async setup({ sandboxId }) {
      const ip = given.get(sandboxId) ?? free.shift() ?? next()
      given.set(sandboxId, ip)
      return { ips: [ip] }
    },
    async teardown({ sandboxId }) {
      const ip = given.get(sandboxId)
      if (ip) free.push(ip)
      given.delete(sandboxId)
    },
    async addresses(sandboxId) {
      const ip = given.get(sandboxId)
      return ip ? { ips: [ip] } : undefined
    },
    notReady: () => undefined,
  }
}
