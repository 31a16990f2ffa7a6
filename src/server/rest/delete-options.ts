import type { JsonObject } from '../../machinery/meta/object.ts'
import { badRequest, invalid } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { RequestContext } from '../context.ts'
import { decodeLoose } from './body.ts'
import { unregistered } from './foreign-body.ts'
import { metaType } from './meta-type.ts'
import { checkDryRun } from './write-options.ts'

/** meta/v1 DeleteOptions, from the body or else from the query. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly orphanDependents?: boolean
  readonly propagationPolicy?: string
  readonly dryRun?: readonly string[]
  /** Admission saw another object (an Eviction) already. */
  readonly isAdmitted?: true
}

const policies = ['Foreground', 'Background', 'Orphan']

/** Reads and checks the options; 422 with upstream's texts. */
export function deleteOptionsOf(context: RequestContext): DeleteOptions {
  const { body } = context
  const isEmpty = body.kind === 'none' || (body.kind === 'bytes' && body.bytes.length === 0)
  const options = isEmpty ? fromQuery(context) : readOptions(context)
  check(options)
  return options
}

/** Clients name the kind in `v1`, in `meta.k8s.io/v1`, or in the group that they talk to. */
function readOptions(context: RequestContext): DeleteOptions {
  const { body } = context
  if (body.kind === 'object') return body.object as JsonObject as DeleteOptions
  const type = { ...metaType('DeleteOptions'), isOptions: true }
  const options = decodeLoose(context, type)
  context.readAs = type
  const { kind = 'DeleteOptions', apiVersion } = options
  if (kind !== 'DeleteOptions')
    throw badRequest(unregistered(String(apiVersion || 'meta.k8s.io/v1'), String(kind)))
  return options as DeleteOptions
}

/** Upstream's conversion finds the members of preconditions in the query, too, and a policy that is empty. */
function fromQuery({ options, query }: RequestContext): DeleteOptions {
  if (options.faults?.gracePeriodSeconds) throw options.faults.gracePeriodSeconds
  const { gracePeriodSeconds, orphanDependents, dryRun } = options
  const propagationPolicy = options.propagationPolicy ?? query.get('propagationPolicy')
  const [uid, resourceVersion] = [query.get('uid'), query.get('resourceVersion')]
  const preconditions = { ...(uid !== null && { uid }), ...(resourceVersion !== null && { resourceVersion }) }
  return {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy !== null && { propagationPolicy }),
    ...((uid ?? resourceVersion) !== null && { preconditions }),
    ...(orphanDependents !== undefined && { orphanDependents }),
    ...(dryRun && { dryRun }),
  }
}

function check({ orphanDependents, propagationPolicy, dryRun }: DeleteOptions): void {
  const errors = createFieldErrors()
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    errors.invalid(
      'propagationPolicy',
      propagationPolicy,
      'orphanDependents and deletionPropagation cannot be both set',
    )
  }
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    errors.notSupported('propagationPolicy', propagationPolicy, [...policies, 'nil'])
  }
  checkDryRun(dryRun, errors)
  if (errors.list.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors.list)
}
