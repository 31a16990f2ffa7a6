import { isDeepStrictEqual } from 'node:util'
import type { Resource } from '../../../api/define.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import type { AdmissionPlugin, AdmissionRequest, Authorizer, Decision, RequestInfo } from '../../context.ts'
import { isAbout, refusal } from '../refusal.ts'

type OwnerReference = NonNullable<KubeObject['metadata']['ownerReferences']>[number]

/**
 * Owners are changed by those who may delete the dependent, and hold back an owner's deletion for those who may set
 * its finalizers (plugin/pkg/admission/gc).
 */
export function ownerReferencesPermission(authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') &&
      !isAbout(request, '', 'pods', 'status') &&
      !isDeepStrictEqual(ownersOf(request.object), ownersOf(request.oldObject)),
    async validate(request) {
      if (request.operation !== 'CREATE') await requireDelete(request, authorize)
      const blocking = newlyBlocking(request)
      if (blocking.length === 0 || (await mayFinalizeAnything(request, authorize))) return
      for (const owner of blocking) await requireFinalizers(request, owner, authorize)
    },
  }
}

function ownersOf(object: KubeObject | undefined): readonly OwnerReference[] {
  return object?.metadata?.ownerReferences ?? []
}

async function requireDelete(request: AdmissionRequest, authorize: Authorizer): Promise<void> {
  const { user, info } = request
  const decision = await authorize({ user, info: { ...info, verb: 'delete' } })
  if (decision.decision === 'allow') return
  throw refusal(request, `cannot set an ownerRef on a resource you can't delete: ${why(decision)}`)
}

/** Upstream prints the reason and an error that is not there. */
function why({ reason }: Decision): string {
  return `${reason}, <nil>`
}

function newlyBlocking({ object, oldObject }: AdmissionRequest): readonly OwnerReference[] {
  const before = new Map(ownersOf(oldObject).map(owner => [owner.uid, owner]))
  return ownersOf(object).filter(
    ({ blockOwnerDeletion, uid }) => blockOwnerDeletion && !before.get(uid)?.blockOwnerDeletion,
  )
}

const everything = { group: '*', version: '*', resource: '*', namespace: '', name: '*' }

async function mayFinalizeAnything(
  { user, info }: AdmissionRequest,
  authorize: Authorizer,
): Promise<boolean> {
  const { decision } = await authorize({ user, info: finalizing(info, everything) })
  return decision === 'allow'
}

type Place = Pick<RequestInfo, 'group' | 'version' | 'resource' | 'namespace' | 'name'>

function finalizing(info: RequestInfo, place: Place): RequestInfo {
  return { ...info, ...place, verb: 'update', subresource: 'finalizers' }
}

async function requireFinalizers(
  request: AdmissionRequest,
  { apiVersion, kind, name }: OwnerReference,
  authorize: Authorizer,
): Promise<void> {
  const { user, info, registry } = request
  const refuse = (text: string) => refusal(request, text)
  const notMapped = (reason: string) =>
    refuse(
      `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kind}: ${reason}`,
    )
  const parts = apiVersion.split('/')
  if (parts.length > 2) throw notMapped(`unexpected GroupVersion string: ${apiVersion}`)
  const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', apiVersion]
  const owner = registry.kind(group, version, kind)
  if (!owner) throw notMapped(`no matches for kind "${kind}" in version "${apiVersion}"`)
  const decision = await authorize({ user, info: finalizing(info, placeOf(owner, info.namespace, name)) })
  if (decision.decision === 'allow') return
  const rule =
    "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"
  throw refuse(`${rule}: ${why(decision)}`)
}

/** A namespaced owner is where its dependents are. */
function placeOf({ group, version, plural, namespaced }: Resource, namespace: string, name: string): Place {
  return { group, version, resource: plural, namespace: namespaced ? namespace : '', name }
}
