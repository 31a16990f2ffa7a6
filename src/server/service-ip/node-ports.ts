import { needsHealthCheckPort, needsNodePort } from '../../api/core/service/defaults.ts'
import type { Service, ServicePort, ServiceSpec } from '../../api/types/core-v1.gen.ts'
import { internalError, plainFailure } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { Ports } from '../../std/ports.ts'
import { invalidService } from './invalid-service.ts'
import type { Ledger } from './ledger.ts'
import type { PortMeter } from './meter.ts'
import { pickFree } from './pick-free.ts'
import type { PortClaims } from './port-claims.ts'

/** Node ports of the cluster: Services hold them, the ledger knows which. */
export interface PortDesk {
  /** Both inclusive. */
  readonly range: readonly [number, number]
  readonly ledger: Ledger<number>
  readonly ports: Ports
  readonly meter: PortMeter
  /** Where other servers give ports away, too; absent where this one is alone. */
  readonly claims: PortClaims | undefined
}

/** Why a port is not to be had. */
class PortError extends Error {
  override name = 'PortError'
}

/** Gives a Service the node ports that its type asks for (alloc.go initNodePorts, updateNodePorts). */
export async function settleNodePorts(
  desk: PortDesk,
  service: Service,
  old: Service | undefined,
): Promise<void> {
  const { spec } = service
  if (!spec) return
  const owner = service.metadata.uid!
  if (needsNodePort(spec)) {
    if (old) await updatePorts(desk, service, old, owner)
    else await initPorts(desk, service, owner)
  }
  const hadHealthPort = old?.spec !== undefined && needsHealthCheckPort(old.spec)
  if (needsHealthCheckPort(spec) && !hadHealthPort) await takeHealthPort(desk, spec, owner)
}

/** Whether `settleNodePorts` has anything to do for an update. */
export function touchesNodePorts({ spec = {} }: Service, old: Service): boolean {
  return needsNodePort(spec) || needsNodePort(old.spec ?? {})
}

/** The same port in several protocols gets the same node port. */
async function initPorts(desk: PortDesk, service: Service, owner: string): Promise<void> {
  const { ports = [] } = service.spec!
  const given = new Map<number, number>()
  for (const [index, port] of ports.entries()) {
    if (!port.nodePort && !isAutomatic(service.spec!)) continue
    const known = given.get(port.port)
    if (known === undefined) {
      const asked = ports.find(each => each.port === port.port && each.nodePort)?.nodePort
      if (asked) await claim(desk, { service, index, number: asked, owner })
      port.nodePort = asked ?? (await pick(desk, owner))
      given.set(port.port, port.nodePort)
    } else if (!port.nodePort) port.nodePort = known
    else if (port.nodePort !== known) await claim(desk, { service, index, number: port.nodePort, owner })
  }
}

async function updatePorts(desk: PortDesk, service: Service, old: Service, owner: string): Promise<void> {
  const before = new Set((old.spec?.ports ?? []).map(({ nodePort }) => nodePort))
  const taken = new Set<number>()
  const seen = new Set<string>()
  for (const [index, port] of (service.spec!.ports ?? []).entries()) {
    if (!port.nodePort && !isAutomatic(service.spec!)) continue
    if (!port.nodePort) port.nodePort = await pick(desk, owner)
    else if (!before.has(port.nodePort) && !taken.has(port.nodePort)) {
      await claim(desk, { service, index, number: port.nodePort, owner })
      taken.add(port.nodePort)
    }
    const name = `{${port.protocol ?? 'TCP'} ${port.nodePort}}`
    if (seen.has(name)) throw plainFailure(`duplicate nodePort: ${name}`)
    seen.add(name)
  }
}

async function takeHealthPort(desk: PortDesk, spec: ServiceSpec, owner: string): Promise<void> {
  if (!spec.healthCheckNodePort) {
    spec.healthCheckNodePort = await pick(desk, owner)
    return
  }
  try {
    await take(desk, spec.healthCheckNodePort, owner)
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    const which = `requested HealthCheck NodePort ${spec.healthCheckNodePort}`
    throw internalError(`failed to allocate ${which}: ${error.message}`)
  }
}

function isAutomatic({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean {
  return type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false)
}

interface Claim {
  readonly service: Service
  readonly index: number
  readonly number: ServicePort['port']
  readonly owner: string
}

async function claim(desk: PortDesk, { service, index, number, owner }: Claim): Promise<void> {
  try {
    await take(desk, number, owner)
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    const errors = createFieldErrors()
    errors.invalid(`spec.ports[${index}].nodePort`, number, error.message)
    throw invalidService(service, errors)
  }
}

async function take(
  { range: [min, max], ledger, meter, claims }: PortDesk,
  number: number,
  owner: string,
): Promise<void> {
  const refuse = (message: string) => {
    meter.failed('static')
    throw new PortError(message)
  }
  if (number < min || number > max)
    refuse(`provided port is not in the valid range. The range of valid ports is ${min}-${max}`)
  if (!ledger.isFree(number)) refuse('provided port is already allocated')
  ledger.promise(number, owner)
  if (claims && !(await claims.claim(number, owner))) refuse('provided port is already allocated')
  meter.taken('static')
}

async function pick(
  { range: [min, max], ledger, ports, meter, claims }: PortDesk,
  owner: string,
): Promise<number> {
  const size = max - min + 1
  // The lower part is for ports that people choose (KEP-3668).
  const reserved = size > 32 ? Math.min(Math.max(16, Math.floor(size / 32)), 128) : 0
  const index = await pickFree(size, reserved, ports.random, candidate => {
    if (!ledger.isFree(min + candidate)) return false
    ledger.promise(min + candidate, owner)
    return claims ? claims.claim(min + candidate, owner) : true
  })
  if (index === undefined) {
    meter.failed('dynamic')
    throw internalError('failed to allocate a nodePort: range is full')
  }
  meter.taken('dynamic')
  return min + index
}
