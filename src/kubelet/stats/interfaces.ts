import { readlink } from 'node:fs/promises'
import { textOf } from './proc-file.ts'

/** Counters of one network interface since it was made. */
export interface InterfaceUsage {
  readonly name: string
  readonly rxBytes: number
  readonly rxPackets: number
  readonly rxErrors: number
  readonly rxDropped: number
  readonly txBytes: number
  readonly txPackets: number
  readonly txErrors: number
  readonly txDropped: number
}

/** Reads `/proc/net/dev`, without the loopback interface. */
export function parseInterfaces(text: string): InterfaceUsage[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap(line => {
      const [name = '', rest = ''] = line.split(':')
      const counts = rest.trim().split(/\s+/).map(Number)
      const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0] = counts
      const [txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] = counts.slice(8)
      const known = name.trim()
      if (known === '' || known === 'lo' || rest === '') return []
      return [
        {
          name: known,
          ...{ rxBytes, rxPackets, rxErrors, rxDropped },
          ...{ txBytes, txPackets, txErrors, txDropped },
        },
      ]
    })
}

/** Of a pod's own network, by one of its processes; undefined where it is the node's. */
export async function interfacesOf(pid: number): Promise<InterfaceUsage[] | undefined> {
  const [own, theirs] = await Promise.all([namespaceOf('self'), namespaceOf(String(pid))])
  if (theirs === undefined || own === theirs) return undefined
  const text = await textOf(`/proc/${pid}/net/dev`)
  return text === undefined ? undefined : parseInterfaces(text)
}

async function namespaceOf(process: string): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${process}/ns/net`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined
    throw error
  }
}
