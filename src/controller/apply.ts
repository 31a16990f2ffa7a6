import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import { isNamespaceTerminating, isNotFound, orUndefined } from '../client/failure.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { Ports } from '../std/ports.ts'
import type { Action, Outcome, Plan } from './actions.ts'
import { type Expectation, expectGone, expectNothing, expectSeen } from './expectations.ts'

export interface Applier {
  readonly client: Client
  readonly events: EventRecorder
  readonly ports: Pick<Ports, 'metrics'>
}

/** What came of a plan. `error` is the first failure; what ran before it is in `written` all the same. */
export interface Applied {
  readonly written: readonly Expectation[]
  /** The earliest that the plan asked for. */
  readonly requeueAfterMs: number | undefined
  readonly error: unknown
}

/** The object is not what the plan believed; nothing more is to be done about this view of it. */
export class StaleViewError extends Error {
  override name = 'StaleViewError'
}

interface Run {
  readonly applier: Applier
  readonly written: Expectation[]
  requeueAfterMs: number | undefined
}

/** Carries out a plan through the client. Never throws. */
export async function applyPlan(applier: Applier, plan: Plan): Promise<Applied> {
  const run: Run = { applier, written: [], requeueAfterMs: undefined }
  let error: unknown
  try {
    await inOrder(run, plan)
  } catch (failure) {
    error = failure
  }
  return { written: run.written, requeueAfterMs: run.requeueAfterMs, error }
}

async function inOrder(run: Run, plan: Plan): Promise<void> {
  for (const action of plan) await apply(run, action)
}

async function apply(run: Run, action: Action): Promise<void> {
  const { client, events } = run.applier
  switch (action.do) {
    case 'create':
      return await applyCreate(run, action)
    case 'delete':
      return await applyDelete(run, action)
    case 'update': {
      const { resource, object, status } = action
      return saw(
        run,
        action,
        await (status ? client.updateStatus(resource, object) : client.update(resource, object)),
      )
    }
    case 'patch': {
      const { namespace, name } = action.object.metadata
      return saw(run, action, await client.patch(action.resource, namespace, name!, action.patch))
    }
    case 'apply':
      return saw(run, action, await client.apply(action.resource, action.object, action.options))
    case 'event':
      return events.record(action.about, action.note)
    case 'requeue':
      run.requeueAfterMs = Math.min(run.requeueAfterMs ?? Number.POSITIVE_INFINITY, action.afterMs)
      return
    case 'measure':
      return action.tell(run.applier.ports.metrics)
    case 'confirm':
      return await applyConfirm(run, action)
    case 'together':
      return await applyTogether(run, action)
    case 'attempt':
      return await applyAttempt(run, action)
  }
}

function saw(
  run: Run,
  { resource }: { readonly resource: Parameters<typeof expectSeen>[0] },
  written: KubeObject,
): void {
  const expectation = expectSeen(resource, written)
  if (expectation) run.written.push(expectation)
}

async function applyCreate(run: Run, action: Action & { do: 'create' }): Promise<void> {
  await withOutcome(run, action.outcome, async () => {
    try {
      const created = await run.applier.client.create(action.resource, action.object)
      saw(run, action, created)
      return created
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error
      run.written.push(expectNothing(action.resource))
      return undefined
    }
  })
}

async function applyDelete(
  run: Run,
  { resource, object, options, outcome }: Action & { do: 'delete' },
): Promise<void> {
  const { namespace, name } = object.metadata
  await withOutcome(run, outcome, async () => {
    const deleted = await orUndefined(run.applier.client.delete(resource, namespace, name!, options))
    run.written.push(expectGone(resource, object))
    return deleted && object
  })
}

async function withOutcome(
  run: Run,
  outcome: Outcome,
  write: () => Promise<KubeObject | undefined>,
): Promise<void> {
  try {
    const result = await write()
    if (result) await inOrder(run, outcome.done?.(result) ?? [])
  } catch (error) {
    await inOrder(run, outcome.failed?.(error) ?? [])
    throw error
  }
}

async function applyConfirm(run: Run, { resource, object }: Action & { do: 'confirm' }): Promise<void> {
  const { namespace, name, uid } = object.metadata
  const live = await orUndefined(run.applier.client.get(resource, namespace, name!))
  if (live?.metadata.uid !== uid)
    throw new StaleViewError(`${resource.kind} ${name} is not the one with uid ${uid}`)
  if (live?.metadata.deletionTimestamp) throw new StaleViewError(`${resource.kind} ${name} is being deleted`)
}

async function applyTogether(run: Run, { actions, slowStart }: Action & { do: 'together' }): Promise<void> {
  let size = slowStart ? 1 : actions.length
  for (let start = 0; start < actions.length; ) {
    const batch = actions.slice(start, start + size)
    const results = await Promise.allSettled(batch.map(action => apply(run, action)))
    const failed = results.find(result => result.status === 'rejected')
    if (failed) throw failed.reason
    start += size
    size *= 2
  }
}

async function applyAttempt(run: Run, { actions, settled }: Action & { do: 'attempt' }): Promise<void> {
  const errors: unknown[] = []
  try {
    await inOrder(run, actions)
  } catch (error) {
    errors.push(error)
  }
  await inOrder(run, settled(errors))
  if (errors.length > 0) throw errors[0]
}

/** Failures that say only that the view was old: tried again without a word in the log. */
export function isQuiet(error: unknown): boolean {
  return error instanceof StaleViewError || isNotFound(error)
}
