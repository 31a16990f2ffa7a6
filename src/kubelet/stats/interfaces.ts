import { readlink } from 'node:fs/promises'
import { textOf } from './proc-file.ts'

/** Counters of one network interface since it was made. */
export interface InterfaceUsage {
  readonly name: string
  readonly rxBytes: number
  readonly rxErrors: number
  readonly txBytes: number
  readonly txErrors: number
}

/** Reads `/proc/net/dev`, without the loopback interface. */
export function parseInterfaces(text: string): InterfaceUsage[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap(line => {
      const [name = '', rest = ''] = line.split(':')
      const [rxBytes, , rxErrors, , , , , , txBytes, , txErrors] = rest.trim().split(/\s+/).map(Number)
      const known = name.trim()
      if (known === '' || known === 'lo' || rxBytes === undefined) return []
      return [
        { name: known, rxBytes, rxErrors: rxErrors ?? 0, txBytes: txBytes ?? 0, txErrors: txErrors ?? 0 },
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
