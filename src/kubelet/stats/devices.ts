import { textOf } from './proc-file.ts'

/** What went to and from one block device on behalf of a control group, since it was made. */
export interface DeviceUsage {
  /** `/dev/sda` */
  readonly device: string
  readonly readBytes: number
  readonly writtenBytes: number
  readonly reads: number
  readonly writes: number
}

type Counts = Omit<DeviceUsage, 'device'>

/** Version 2 of control groups (`io.stat`); undefined where the kernel does not count. */
export async function unifiedDevices(dir: string): Promise<DeviceUsage[] | undefined> {
  const stat = await textOf(`${dir}/io.stat`)
  return stat === undefined ? undefined : await named(parseIoStat(stat))
}

/** Version 1 (`blkio.throttle.*`); undefined where the kernel does not count. */
export async function splitDevices(dir: string): Promise<DeviceUsage[] | undefined> {
  const [bytes, operations] = await Promise.all([
    textOf(`${dir}/blkio.throttle.io_service_bytes_recursive`),
    textOf(`${dir}/blkio.throttle.io_serviced_recursive`),
  ])
  if (bytes === undefined || operations === undefined) return undefined
  return await named(parseThrottle(bytes, operations))
}

/** By `major:minor`. Lines are `8:0 rbytes=1 wbytes=2 rios=3 wios=4 …`. */
export function parseIoStat(text: string): Map<string, Counts> {
  return new Map(
    text.split('\n').flatMap(line => {
      const [id = '', ...fields] = line.split(' ')
      const values = new Map(fields.map(each => each.split('=', 2) as [string, string]))
      const count = (name: string) => Number(values.get(name) ?? 0)
      if (id === '' || fields.length === 0) return []
      const counts = {
        ...{ readBytes: count('rbytes'), writtenBytes: count('wbytes') },
        ...{ reads: count('rios'), writes: count('wios') },
      }
      return [[id, counts]]
    }),
  )
}

/** By `major:minor`. Lines are `8:0 Read 1`, and a total. */
export function parseThrottle(bytes: string, operations: string): Map<string, Counts> {
  const ids = new Set([...`${bytes}\n${operations}`.matchAll(/^(\d+:\d+) /gm)].map(([, id]) => id!))
  const count = (text: string, id: string, what: string) =>
    Number(new RegExp(`^${id} ${what} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
  return new Map(
    [...ids].map(id => [
      id,
      {
        ...{ readBytes: count(bytes, id, 'Read'), writtenBytes: count(bytes, id, 'Write') },
        ...{ reads: count(operations, id, 'Read'), writes: count(operations, id, 'Write') },
      },
    ]),
  )
}

function named(byId: ReadonlyMap<string, Counts>): Promise<DeviceUsage[]> {
  return Promise.all([...byId].map(async ([id, counts]) => ({ device: await deviceName(id), ...counts })))
}

/** A device that is gone keeps its numbers for a name. */
async function deviceName(id: string): Promise<string> {
  const facts = await textOf(`/sys/dev/block/${id}/uevent`)
  const name = /^DEVNAME=(.+)$/m.exec(facts ?? '')?.[1]
  return name === undefined ? id : `/dev/${name}`
}
