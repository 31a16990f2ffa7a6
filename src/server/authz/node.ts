import type { PolicyRule } from '../../api/types/rbac-v1.gen.ts'
import { exactFieldValue, parseFieldSelector } from '../../machinery/selector/index.ts'
import type { AuthorizationAttributes, Decision, RequestInfo } from '../context.ts'
import type { NodeGraph, NodeRelated } from './node-graph.ts'
import { isNodeUser, nodeNameOf } from './node-identity.ts'
import { rulesAllow } from './rule.ts'

const allow: Decision = { decision: 'allow', reason: '' }
const refuse = (reason: string): Decision => ({ decision: 'noOpinion', reason })

/** One question of one kubelet. */
interface NodeRequest {
  readonly node: string
  readonly graph: NodeGraph
  readonly info: RequestInfo
  readonly fieldSelector: string | undefined
  readonly podCertificates: boolean
}

type NodeRule = (request: NodeRequest) => Decision

/** Kinds whose access depends on what runs on the node; everything else goes by the static rules. */
const rules: Readonly<Record<string, NodeRule>> = {
  '/secrets': request => readNamespaced(request, 'secret'),
  '/configmaps': request => readNamespaced(request, 'configmap'),
  '/persistentvolumeclaims': claims,
  '/persistentvolumes': request => getOnly(request, 'pv'),
  '/serviceaccounts': serviceAccounts,
  '/nodes': nodes,
  '/pods': pods,
  'coordination.k8s.io/leases': leases,
  'resource.k8s.io/resourceclaims': request => getOnly(request, 'resourceclaim'),
  'resource.k8s.io/resourceslices': resourceSlices,
  'storage.k8s.io/volumeattachments': request => getOnly(request, 'volumeattachment'),
  'storage.k8s.io/csinodes': csiNodes,
  'certificates.k8s.io/podcertificaterequests': podCertificates,
}

export interface NodeFeatures {
  /** Whether the gate PodCertificateRequest is on; it is off by default in 1.35. */
  readonly podCertificates: boolean
}

/**
 * Decides for kubelets (plugin/pkg/auth/authorizer/node): what belongs to the node or to pods bound to it,
 * else `staticRules` (bootstrap policy's node rules). Never denies: others may still allow.
 */
export function createNodeAuthorizer(
  graph: NodeGraph,
  staticRules: readonly PolicyRule[],
  { podCertificates }: NodeFeatures = { podCertificates: false },
) {
  return function authorizeNode({ user, info, fieldSelector }: AuthorizationAttributes): Decision {
    if (!isNodeUser(user)) return refuse('')
    const node = nodeNameOf(user)
    if (!node) return refuse(`unknown node for user "${user.username}"`)
    const rule = info.isResourceRequest ? rules[`${info.group}/${info.resource}`] : undefined
    if (rule) return rule({ node, graph, info, fieldSelector, podCertificates })
    return rulesAllow(staticRules, info) ? allow : refuse('')
  }
}

function related({ node, graph, info }: NodeRequest, kind: NodeRelated): Decision {
  if (!info.name) return refuse('No Object name found')
  if (graph.reaches(node, kind, info.namespace, info.name)) return allow
  return refuse(`no relationship found between node '${node}' and this object`)
}

function readNamespaced(request: NodeRequest, kind: NodeRelated): Decision {
  const { verb, subresource, namespace } = request.info
  if (!['get', 'list', 'watch'].includes(verb)) return refuse('can only read resources of this type')
  if (subresource) return refuse('cannot read subresource')
  if (!namespace) return refuse('can only read namespaced object of this type')
  return related(request, kind)
}

function getOnly(request: NodeRequest, kind: NodeRelated): Decision {
  if (request.info.verb !== 'get') return refuse('can only get individual resources of this type')
  if (request.info.subresource) return refuse('cannot get subresource')
  return related(request, kind)
}

function claims(request: NodeRequest): Decision {
  if (request.info.subresource !== 'status') return getOnly(request, 'pvc')
  const writes = request.info.verb === 'update' || request.info.verb === 'patch'
  return writes ? related(request, 'pvc') : refuse('can only get/update/patch this type')
}

function serviceAccounts(request: NodeRequest): Decision {
  const { verb, subresource, name, namespace } = request.info
  if (verb === 'get' && !subresource) return readNamespaced(request, 'serviceaccount')
  if (verb !== 'create' || !name) return refuse('can only create tokens for individual service accounts')
  if (subresource !== 'token') return refuse('can only create token subresource of serviceaccount')
  if (request.graph.reaches(request.node, 'serviceaccount', namespace, name)) return allow
  return refuse(`no relationship found between node '${request.node}' and this object`)
}

const ownObjectVerbs = ['get', 'create', 'update', 'patch', 'delete']

function leases({ node, info }: NodeRequest): Decision {
  if (!ownObjectVerbs.includes(info.verb)) {
    return refuse('can only get, create, update, patch, or delete a node lease')
  }
  if (info.namespace !== 'kube-node-lease') {
    return refuse('can only access leases in the "kube-node-lease" system namespace')
  }
  // The name of a new object is not known here; NodeRestriction checks it.
  if (info.verb === 'create' || info.name === node) return allow
  return refuse('can only access node lease with the same name as the requesting node')
}

function csiNodes({ node, info }: NodeRequest): Decision {
  if (!ownObjectVerbs.includes(info.verb))
    return refuse('can only get, create, update, patch, or delete a CSINode')
  if (info.subresource) return refuse('cannot authorize CSINode subresources')
  if (info.verb === 'create' || info.name === node) return allow
  return refuse('can only access CSINode with the same name as the requesting node')
}

function resourceSlices(request: NodeRequest): Decision {
  const { verb, subresource } = request.info
  if (subresource) return refuse('cannot authorize ResourceSlice subresources')
  if (verb === 'create') return allow
  if (['get', 'update', 'patch', 'delete'].includes(verb)) return related(request, 'resourceslice')
  if (!['watch', 'list', 'deletecollection'].includes(verb)) {
    return refuse(
      'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
    )
  }
  if (selectsNode(request, 'spec.nodeName')) return allow
  return refuse('can only list/watch/deletecollection resourceslices with nodeName field selector')
}

function podCertificates(request: NodeRequest): Decision {
  const { verb, subresource } = request.info
  if (!request.podCertificates) return refuse('')
  if (subresource) return refuse('nodes may not access the status subresource of PodCertificateRequests')
  // NodeRestriction limits creates to pods of the own node.
  if (verb === 'create') return allow
  if (verb === 'get') return related(request, 'podcertificaterequest')
  if (verb !== 'list' && verb !== 'watch') return refuse(`nodes may not ${verb} podcertificaterequests`)
  if (selectsNode(request, 'spec.nodeName')) return allow
  return refuse('can only list/watch podcertificaterequests with nodeName field selector')
}

function nodes({ node, info: { verb, subresource, name } }: NodeRequest): Decision {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : refuse('')
  if (subresource) return refuse('')
  // NodeRestriction limits writes to the own node.
  if (['create', 'update', 'patch'].includes(verb)) return allow
  if (!['get', 'list', 'watch'].includes(verb)) return refuse('')
  if (name === node) return allow
  if (!name) return refuse(`node '${node}' cannot read all nodes, only its own Node object`)
  return refuse(`node '${node}' cannot read '${name}', only its own Node object`)
}

function pods(request: NodeRequest): Decision {
  const { verb, subresource, name } = request.info
  // NodeRestriction limits these to mirror pods and pods of the own node.
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : refuse('')
  if (subresource === 'eviction') return verb === 'create' ? allow : refuse('')
  if (subresource) return refuse('')
  if (verb === 'create' || verb === 'delete') return allow
  if (verb === 'get') return getOnly(request, 'pod')
  if (verb !== 'list' && verb !== 'watch') return refuse('')
  if (selectsNode(request, 'spec.nodeName')) return allow
  return name ? related(request, 'pod') : refuse('can only list/watch pods with spec.nodeName field selector')
}

function selectsNode({ node, fieldSelector }: NodeRequest, field: string): boolean {
  return fieldSelector !== undefined && exactFieldValue(parseFieldSelector(fieldSelector), field) === node
}
