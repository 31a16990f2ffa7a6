import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../api/types/certificates-v1.gen.ts'
import { orUndefined } from '../../client/failure.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import { type Plan, remove, requeueAfter } from '../../controller/actions.ts'
import { defineController } from '../../controller/define.ts'
import { informerStores } from '../../controller/view.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { messageOf } from '../../std/message.ts'
import { certificateSigningRequests, nodes } from '../kinds.ts'

type Request = CertificateSigningRequest

export interface CertificateOptions {
  /** The reason for approving this request without a person, or undefined to leave it to one. */
  readonly approve: (request: Request) => Promise<string | undefined> | string | undefined
  /** The certificate chain in PEM, or undefined when another signer is meant. Throws when it must not be signed. */
  readonly sign: (request: Request) => Promise<string | undefined> | string | undefined
}

/**
 * Approves the requests of nodes that may have a certificate (upstream certificates/approver). What is undecided is looked
 * at again when a node comes to other addresses: a certificate may be for these alone.
 */
export function certificateApprover({ approve }: CertificateOptions): Worker {
  const approver = requestWorker('csr-approver', async (context, request) => {
    if (!isUndecided(request)) return
    const message = await approve(request)
    if (message === undefined) return
    await setCondition(context, request, 'approval', {
      type: 'Approved',
      status: 'True',
      reason: 'AutoApproved',
      message,
    })
  })
  return {
    ...approver,
    start(context) {
      const requests = informerStores(context.informers)(certificateSigningRequests)
      context.watch(nodes, (node, old) => {
        if (deepEqual(node?.status?.addresses, old?.status?.addresses)) return []
        return requests
          .list()
          .filter(isUndecided)
          .map(({ metadata }) => metadata.name)
      })
      return approver.start(context)
    },
  }
}

function isUndecided(request: Request): boolean {
  return !request.status?.certificate && !isDecided(request)
}

function isDecided(request: Request): boolean {
  return has(request, 'Approved') || has(request, 'Denied')
}

/** Signs approved requests (upstream certificates/signer). */
export function certificateSigner({ sign }: CertificateOptions): Worker {
  return requestWorker('csr-signer', async (context, request) => {
    if (
      request.status?.certificate ||
      !has(request, 'Approved') ||
      has(request, 'Denied') ||
      has(request, 'Failed')
    )
      return
    try {
      const pem = await sign(request)
      if (pem === undefined) return
      const status = { ...request.status, certificate: Buffer.from(pem, 'utf8').toString('base64') }
      await context.client.updateStatus(certificateSigningRequests, { ...request, status })
    } catch (error) {
      if (!(error instanceof SigningRefusedError)) throw error
      const failed = {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: messageOf(error),
      }
      await setCondition(context, request, 'status', failed)
    }
  })
}

/** Thrown by `sign`: this request can never be signed. */
export class SigningRefusedError extends Error {
  override name = 'SigningRefusedError'
}

const hourMs = 3_600_000

/** Deletes requests that nobody needs any more (upstream certificates/cleaner). */
export const certificateCleaner = defineController<Request>({
  name: 'csr-cleaner',
  identity: 'certificate-controller',
  primary: certificateSigningRequests,
  plan: planCleaning,
})

export function planCleaning(request: Request, _: unknown, nowMs: number): Plan {
  const deadlines = [
    expiry(request, 'Approved', request.status?.certificate ? hourMs : undefined),
    expiry(request, 'Denied', hourMs),
    expiry(request, 'Failed', hourMs),
    isDecided(request)
      ? undefined
      : (fromTimestamp(request.metadata.creationTimestamp) ?? nowMs) + 24 * hourMs,
  ]
  const dueMs = Math.min(...deadlines.filter(deadline => deadline !== undefined))
  if (!Number.isFinite(dueMs)) return []
  return dueMs <= nowMs ? [remove(certificateSigningRequests, request)] : [requeueAfter(dueMs - nowMs)]
}

function expiry(request: Request, type: string, lifetimeMs: number | undefined): number | undefined {
  const condition = findCondition(request.status?.conditions, type)
  const sinceMs = fromTimestamp(condition?.lastUpdateTime)
  return sinceMs === undefined || lifetimeMs === undefined ? undefined : sinceMs + lifetimeMs
}

function requestWorker(
  name: string,
  tend: (context: WorkerContext, request: Request) => Promise<void>,
): Worker {
  return {
    name,
    identity: 'certificate-controller',
    start(context) {
      context.watch(certificateSigningRequests, request => [request?.metadata.name])
      return async key => {
        const request = await orUndefined(context.client.get(certificateSigningRequests, undefined, key))
        if (request && !request.metadata.deletionTimestamp) await tend(context, request)
        return {}
      }
    },
  }
}

async function setCondition(
  { client, ports }: WorkerContext,
  request: Request,
  subresource: 'approval' | 'status',
  condition: CertificateSigningRequestCondition,
): Promise<void> {
  const now = toTimestamp(ports.clock.nowMs())
  const stamped = { ...condition, lastUpdateTime: now, lastTransitionTime: now }
  const conditions = [...(request.status?.conditions ?? []), stamped]
  const body = { ...request, status: { ...request.status, conditions } }
  const { name } = request.metadata
  await client.subresource(certificateSigningRequests, {
    verb: 'update',
    namespace: undefined,
    name: name!,
    subresource,
    body,
  })
}

function has({ status }: Request, type: string): boolean {
  return status?.conditions?.some(condition => condition.type === type) ?? false
}
