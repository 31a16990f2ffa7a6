import { isDeepStrictEqual } from 'node:util'
import type { Namespace, Pod, PodSpec, PodTemplateSpec } from '../../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import { internalError, invalid } from '../../../machinery/status/errors.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import type { Lister } from '../../lister.ts'
import { refusal } from '../refusal.ts'
import type { PodLike } from './check.ts'
import { evaluatePod, violationsText } from './evaluate.ts'
import { existingPodWarnings } from './existing-pods.ts'
import { type LevelVersion, levelText, type PodSecurityPolicy, policyOf, strictness } from './policy.ts'

/** Subresources that do not write the pod's specification; an unknown one is looked at. */
const ignoredSubresources: ReadonlySet<string> = new Set([
  ...['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'],
])

type Template = Pick<PodTemplateSpec, 'metadata' | 'spec'> | undefined
type WithTemplate = { readonly spec?: { readonly template?: Template } }

const specTemplate = (object: KubeObject): Template => (object as WithTemplate).spec?.template

/** Kinds that make pods: they are warned, never refused. */
const controllers: Readonly<Record<string, (object: KubeObject) => Template>> = {
  '/replicationcontrollers': specTemplate,
  '/podtemplates': object => (object as { readonly template?: Template }).template,
  'apps/replicasets': specTemplate,
  'apps/deployments': specTemplate,
  'apps/statefulsets': specTemplate,
  'apps/daemonsets': specTemplate,
  'batch/jobs': specTemplate,
  'batch/cronjobs': object =>
    (object as { readonly spec?: { readonly jobTemplate?: WithTemplate } }).spec?.jobTemplate?.spec?.template,
}

export interface PodSecurityPorts {
  readonly namespaces: Lister<Namespace>
  readonly pods: Lister<Pod>
}

/** Pods keep to the level that their namespace's labels name (k8s.io/pod-security-admission). */
export function podSecurity(ports: PodSecurityPorts): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') && checkFor(request) !== undefined,
    validate: request => checkFor(request)?.(request, ports),
  }
}

type ValidateRequest = (request: AdmissionRequest, ports: PodSecurityPorts) => void

function checkFor({ resource, info }: AdmissionRequest): ValidateRequest | undefined {
  const key = `${resource.group}/${resource.plural}`
  if (key === '/pods') return ignoredSubresources.has(info.subresource) ? undefined : checkPod
  if (info.subresource !== '') return undefined
  if (key === '/namespaces') return checkNamespace
  const templateOf = controllers[key]
  return templateOf && ((request, ports) => checkTemplate(request, ports, templateOf(request.object!)))
}

function checkPod(request: AdmissionRequest, { namespaces }: PodSecurityPorts): void {
  const namespace = namespaces.get('', request.info.namespace)
  if (!namespace) throw internalError(`failed to lookup namespace ${quote(request.info.namespace)}`)
  const { policy } = policyOf(namespace.metadata.labels)
  if (Object.values(policy).every(({ level }: LevelVersion) => level === 'privileged')) return
  const { metadata, spec } = request.object as Pod
  if (!spec) return
  if (request.operation === 'UPDATE' && !changesImages(spec, (request.oldObject as Pod).spec)) return
  const pod = { metadata, spec }
  const violations = evaluatePod(policy.enforce, pod)
  if (violations.length > 0) {
    throw refusal(
      request,
      `violates PodSecurity ${quote(levelText(policy.enforce))}: ${violationsText(violations)}`,
    )
  }
  warn(request, policy, pod)
}

/** Of what may change in a pod, only images and new ephemeral containers matter. */
function changesImages(spec: PodSpec, old: PodSpec | undefined): boolean {
  const images = (list: readonly { readonly image?: string }[] = []) => list.map(({ image }) => image)
  if (!isDeepStrictEqual(images(spec.containers), images(old?.containers))) return true
  if (!isDeepStrictEqual(images(spec.initContainers), images(old?.initContainers))) return true
  const before = new Map((old?.ephemeralContainers ?? []).map(({ name, image }) => [name, image]))
  return (spec.ephemeralContainers ?? []).some(
    ({ name, image }) => !before.has(name) || before.get(name) !== image,
  )
}

function checkTemplate(
  request: AdmissionRequest,
  { namespaces }: PodSecurityPorts,
  template: Template,
): void {
  const namespace = namespaces.get('', request.info.namespace)
  if (!namespace || !template?.spec) return
  const { policy } = policyOf(namespace.metadata.labels)
  warn(request, policy, { metadata: template.metadata ?? {}, spec: template.spec })
}

function warn(request: AdmissionRequest, policy: PodSecurityPolicy, pod: PodLike): void {
  const violations = evaluatePod(policy.warn, pod)
  if (violations.length === 0) return
  request.warnings.push(
    `would violate PodSecurity ${quote(levelText(policy.warn))}: ${violationsText(violations)}`,
  )
}

function checkNamespace(request: AdmissionRequest, { pods }: PodSecurityPorts): void {
  const namespace = request.object as Namespace
  const old = request.oldObject as Namespace | undefined
  const name = namespace.metadata.name ?? ''
  const now = policyOf(namespace.metadata.labels)
  const before = old ? policyOf(old.metadata.labels) : undefined
  if (now.errors.length && !isDeepStrictEqual(now.errors, before?.errors)) {
    throw invalid({ group: '', kind: 'Namespace' }, name, now.errors)
  }
  if (!before) return
  const [next, last] = [now.policy.enforce, before.policy.enforce]
  const tighter = next.version !== last.version || strictness(next.level) > strictness(last.level)
  if (next.level === 'privileged' || !tighter) return
  request.warnings.push(...existingPodWarnings(name, next, pods.list(name)))
}
