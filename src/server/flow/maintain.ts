import { isDeepStrictEqual } from 'node:util'
import type {
  FlowSchema,
  FlowSchemaCondition,
  PriorityLevelConfiguration,
} from '../../api/types/flowcontrol-v1.gen.ts'
import type { ApiCall, Transport } from '../../client/transport.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'
import type { Source } from '../lister.ts'
import { timestamp } from '../rest/call.ts'
import { bootstrapLevels, bootstrapSchemas, mandatoryNames } from './bootstrap.ts'

type FlowObject = FlowSchema | PriorityLevelConfiguration

export interface MaintainOptions {
  readonly transport: Transport
  readonly schemas: Source<FlowSchema>
  readonly levels: Source<PriorityLevelConfiguration>
  readonly ports: Pick<Ports, 'clock' | 'log'>
}

const autoUpdateKey = 'apf.kubernetes.io/autoupdate-spec'
const statusManager = 'api-priority-and-fairness-config-consumer-v1'
const retryMs = 10_000

/**
 * Keeps mandatory and suggested objects as the release has them, unless their users took them over by the annotation
 * `apf.kubernetes.io/autoupdate-spec: "false"`, and tells in each FlowSchema's status whether its level exists. The
 * first round is done when it resolves; afterwards every change of these objects is answered, until `signal` aborts.
 */
export async function maintainFlowObjects(options: MaintainOptions, signal: AbortSignal): Promise<void> {
  const { schemas, levels, ports } = options
  let running = false
  let again = false
  const round = async () => {
    again = true
    if (running) return
    running = true
    while (again && !signal.aborted) {
      again = false
      try {
        await bringInOrder(options)
      } catch (error) {
        if (signal.aborted) break
        ports.log.warn('flow control objects could not be maintained', { error: String(error) })
        const cancel = ports.clock.setTimer(retryMs, () => void round())
        signal.addEventListener('abort', cancel, { once: true })
      }
    }
    running = false
  }
  await round()
  const wake = () => void round()
  const cancels = [schemas.onChange(wake), levels.onChange(wake)]
  signal.addEventListener(
    'abort',
    () => {
      for (const cancel of cancels) cancel()
    },
    { once: true },
  )
}

async function bringInOrder({ transport, schemas, levels, ports }: MaintainOptions): Promise<void> {
  await keepKind(transport, 'prioritylevelconfigurations', bootstrapLevels, levels.list())
  await keepKind(transport, 'flowschemas', bootstrapSchemas, schemas.list())
  for (const schema of schemas.list()) {
    const level = schema.spec?.priorityLevelConfiguration.name ?? ''
    const wanted = danglingCondition(level, levels.get('', level) !== undefined)
    const known = findCondition(schema.status?.conditions, dangling)
    const { lastTransitionTime = timestamp(ports.clock), ...told } = known ?? {}
    if (isDeepStrictEqual(told, wanted)) continue
    const since = known?.status === wanted.status ? lastTransitionTime : timestamp(ports.clock)
    await applyStatus(transport, schema.metadata.name!, { ...wanted, lastTransitionTime: since })
  }
}

const api = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1' }

async function keepKind(
  transport: Transport,
  resource: string,
  wanted: readonly FlowObject[],
  stored: readonly FlowObject[],
): Promise<void> {
  const byName = new Map(stored.map(object => [object.metadata.name!, object]))
  for (const object of wanted) {
    const call = keeping(object, byName.get(object.metadata.name!))
    if (call)
      await tolerate(transport.call({ ...api, resource, ...call, options: { fieldManager: producer } }))
  }
  const names = new Set(wanted.map(({ metadata }) => metadata.name))
  for (const { metadata } of stored) {
    if (names.has(metadata.name) || metadata.annotations?.[autoUpdateKey] !== 'true') continue
    await tolerate(transport.call({ ...api, resource, verb: 'delete', name: metadata.name! }))
  }
}

/** What has to be written for one object, or nothing. */
function keeping(
  wanted: FlowObject,
  stored: FlowObject | undefined,
): Pick<ApiCall, 'verb' | 'name' | 'body'> | undefined {
  const annotations = { ...stored?.metadata.annotations, [autoUpdateKey]: 'true' }
  if (!stored) return { verb: 'create', body: { ...wanted, metadata: { ...wanted.metadata, annotations } } }
  const name = wanted.metadata.name!
  const isOurs = mandatoryNames.has(name) || isAutoUpdated(stored)
  if (!isOurs && stored.metadata.annotations?.[autoUpdateKey] !== undefined) return undefined
  const spec = isOurs ? withUsersPart(wanted, stored) : stored.spec
  const metadata = {
    ...stored.metadata,
    annotations: { ...annotations, [autoUpdateKey]: String(isOurs) },
  }
  if (isDeepStrictEqual(spec, stored.spec) && isDeepStrictEqual(metadata, stored.metadata)) return undefined
  return { verb: 'update', name, body: { ...stored, metadata, spec } as FlowObject }
}

/** Without a word of its user an object is ours as long as nobody changed it. */
function isAutoUpdated({ metadata: { annotations, generation } }: FlowObject): boolean {
  const said = annotations?.[autoUpdateKey]
  return said === undefined ? generation === 1 : said === 'true'
}

/** How much is lent of the exempt level is for users to say. */
function withUsersPart(wanted: FlowObject, stored: FlowObject): FlowObject['spec'] {
  const kept = (stored as PriorityLevelConfiguration).spec?.exempt
  if (wanted.kind !== 'PriorityLevelConfiguration' || wanted.metadata.name !== 'exempt' || !kept)
    return wanted.spec
  return { ...wanted.spec, exempt: kept } as PriorityLevelConfiguration['spec']
}

const producer = 'api-priority-and-fairness-config-producer-v1'
const dangling = 'Dangling'

function danglingCondition(level: string, exists: boolean): FlowSchemaCondition {
  const references = `This FlowSchema references the PriorityLevelConfiguration object named ${quote(level)}`
  return exists
    ? { type: dangling, status: 'False', reason: 'Found', message: `${references} and it exists` }
    : {
        type: dangling,
        status: 'True',
        reason: 'NotFound',
        message: `${references} but there is no such object`,
      }
}

async function applyStatus(
  transport: Transport,
  name: string,
  condition: FlowSchemaCondition,
): Promise<void> {
  const body = {
    kind: 'FlowSchema',
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    metadata: { name },
    status: { conditions: [condition] },
  }
  await tolerate(
    transport.call({
      ...api,
      verb: 'patch',
      resource: 'flowschemas',
      subresource: 'status',
      name,
      body,
      patchType: 'application/apply-patch+yaml',
      options: { fieldManager: statusManager, force: true },
    }),
  )
}

/** Somebody else was first: the change that this made starts another round. */
async function tolerate(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error
  }
}
