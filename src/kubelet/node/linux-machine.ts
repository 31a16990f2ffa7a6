import { readFile, statfs } from 'node:fs/promises'
import os from 'node:os'
import type { Machine, MachineFacts, MachineFree } from './machine.ts'
import { readMachineUsage } from './usage.ts'

/** Reads /proc, /sys and the file system under `dataDir`. */
export function linuxMachine(dataDir: string): Machine {
  return {
    facts: () => readFacts(dataDir),
    free: () => readFree(dataDir),
    usage: () => readMachineUsage(dataDir),
  }
}

const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
}

async function readFacts(dataDir: string): Promise<MachineFacts> {
  const disk = await statfs(dataDir)
  const release = await text('/etc/os-release')
  const machineId = (await text('/etc/machine-id')).trim()
  const uuid = (await text('/sys/class/dmi/id/product_uuid')).trim()
  return {
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    storageBytes: disk.blocks * disk.bsize,
    machineId,
    systemUuid: uuid || machineId,
    bootId: (await text('/proc/sys/kernel/random/boot_id')).trim(),
    kernelVersion: os.release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? os.version(),
    architecture: architectures[process.arch] ?? process.arch,
    hostname: os.hostname().toLowerCase(),
  }
}

async function readFree(dataDir: string): Promise<MachineFree> {
  const disk = await statfs(dataDir)
  const meminfo = await text('/proc/meminfo')
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1]
  const pidMax = Number((await text('/proc/sys/kernel/pid_max')).trim())
  const running = Number(/\/(\d+) /.exec(await text('/proc/loadavg'))?.[1])
  return {
    memoryBytes: available === undefined ? undefined : Number(available) * 1024,
    storageShare: disk.blocks > 0 ? disk.bavail / disk.blocks : undefined,
    inodeShare: disk.files > 0 ? disk.ffree / disk.files : undefined,
    pids: pidMax > 0 && running > 0 ? pidMax - running : undefined,
  }
}

/** Files that not every machine has (a DMI table, a machine id) read as empty. */
async function text(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'EACCES') return ''
    throw error
  }
}
