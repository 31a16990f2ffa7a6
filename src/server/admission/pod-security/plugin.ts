import { isDeepStrictEqual } from 'node:util'
import type { Namespace, Pod, PodSpec, PodTemplateSpec } from '../../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import { internalError, invalid } from '../../../machinery/status/errors.ts'
import type { FieldError } from '../../../machinery/validation/field-error.ts'
import type { Metrics } from '../../../std/metrics.ts'
import { aggregateText } from '../../authz/rbac.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import type { Lister } from '../../lister.ts'
import { annotate } from '../annotations.ts'
import { refusal } from '../refusal.ts'
import type { PodLike } from './check.ts'
import { evaluatePod, violationsText } from './evaluate.ts'
import { existingPodWarnings } from './existing-pods.ts'
import { type PodSecurityMeter, podSecurityMeter } from './metrics.ts'
import {
  exemptionWarning,
  type LevelVersion,
  levelText,
  type PodSecurityPolicy,
  policyOf,
  strictness,
  unrestricted,
} from './policy.ts'
import { type PodSecuritySettings, usualSettings } from './settings.ts'

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
  readonly metrics: Metrics
}

interface Guard extends PodSecuritySettings {
  readonly namespaces: Lister<Namespace>
  readonly pods: Lister<Pod>
  readonly meter: PodSecurityMeter
}

/** Pods keep to the level that their namespace's labels name (k8s.io/pod-security-admission). */
export function podSecurity(
  { namespaces, pods, metrics }: PodSecurityPorts,
  settings: PodSecuritySettings = usualSettings,
): AdmissionPlugin {
  const guard: Guard = { ...settings, namespaces, pods, meter: podSecurityMeter(metrics) }
  return {
    name: 'PodSecurity',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') && checkFor(request) !== undefined,
    validate: request => checkFor(request)?.(request, guard),
  }
}

type ValidateRequest = (request: AdmissionRequest, guard: Guard) => void

function checkFor({ resource, info }: AdmissionRequest): ValidateRequest | undefined {
  const key = `${resource.group}/${resource.plural}`
  if (key === '/pods') return ignoredSubresources.has(info.subresource) ? undefined : checkPod
  if (info.subresource !== '') return undefined
  if (key === '/namespaces') return checkNamespace
  const templateOf = controllers[key]
  return templateOf && ((request, guard) => checkTemplate(request, guard, templateOf(request.object!)))
}

const annotations = 'pod-security.kubernetes.io/'

/** Whether namespace or user are not looked at. */
function isExempt(request: AdmissionRequest, { exemptions, meter }: Guard): boolean {
  const { user, info } = request
  const isNamespace = exemptions.namespaces.includes(info.namespace)
  if (!isNamespace && !exemptions.usernames.includes(user.username)) return false
  meter.exempted(request)
  annotate(request, `${annotations}exempt`, isNamespace ? 'namespace' : 'user')
  return true
}

function isExemptClass(request: AdmissionRequest, spec: PodSpec, { exemptions, meter }: Guard): boolean {
  const { runtimeClassName } = spec
  if (!runtimeClassName || !exemptions.runtimeClasses.includes(runtimeClassName)) return false
  meter.exempted(request)
  annotate(request, `${annotations}exempt`, 'runtimeClass')
  return true
}

function checkPod(request: AdmissionRequest, guard: Guard): void {
  if (isExempt(request, guard)) return
  const { namespaces, defaults, meter } = guard
  const namespace = namespaces.get('', request.info.namespace)
  if (!namespace) {
    meter.failed(request, true)
    throw internalError(`failed to lookup namespace ${quote(request.info.namespace)}`)
  }
  const { policy, errors } = policyOf(namespace.metadata.labels, defaults)
  if (errors.length === 0 && isUnrestricted(policy)) {
    annotate(request, `${annotations}enforce-policy`, levelText(unrestricted))
    return meter.evaluated(request, 'allow', 'enforce', policy.enforce)
  }
  const { metadata, spec } = request.object as Pod
  if (!spec) return
  if (request.operation === 'UPDATE' && !changesImages(spec, (request.oldObject as Pod).spec)) return
  if (isExemptClass(request, spec, guard)) return
  noteFaults(request, errors, meter)
  const pod = { metadata, spec }
  annotate(request, `${annotations}enforce-policy`, levelText(policy.enforce))
  const violations = evaluatePod(policy.enforce, pod)
  meter.evaluated(request, violations.length > 0 ? 'deny' : 'allow', 'enforce', policy.enforce)
  noteViolations(request, policy, pod, meter)
  if (violations.length === 0) return warn(request, policy, pod, meter)
  throw refusal(
    request,
    `violates PodSecurity ${quote(levelText(policy.enforce))}: ${violationsText(violations)}`,
  )
}

function isUnrestricted({ enforce, audit, warn: warned }: PodSecurityPolicy): boolean {
  return [enforce, audit, warned].every(({ level }) => level === 'privileged')
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

function checkTemplate(request: AdmissionRequest, guard: Guard, template: Template): void {
  if (isExempt(request, guard)) return
  const { namespaces, defaults, meter } = guard
  const namespace = namespaces.get('', request.info.namespace)
  if (!namespace || !template?.spec) return
  const { policy, errors } = policyOf(namespace.metadata.labels, defaults)
  const told = policy.warn.level !== 'privileged' || policy.audit.level !== 'privileged'
  if (errors.length === 0 && !told) return
  if (isExemptClass(request, template.spec, guard)) return
  noteFaults(request, errors, meter)
  const pod = { metadata: template.metadata ?? {}, spec: template.spec }
  noteViolations(request, policy, pod, meter)
  warn(request, policy, pod, meter)
}

function noteFaults(request: AdmissionRequest, errors: readonly FieldError[], meter: PodSecurityMeter): void {
  if (errors.length === 0) return
  const found = aggregateText(errors.map(({ field, message }) => `${field}: ${message}`))
  annotate(request, `${annotations}error`, `Failed to parse policy: ${found}`)
  meter.failed(request, false)
}

function noteViolations(
  request: AdmissionRequest,
  { audit }: PodSecurityPolicy,
  pod: PodLike,
  meter: PodSecurityMeter,
): void {
  const text = wouldViolate(audit, pod)
  if (text === undefined) return
  annotate(request, `${annotations}audit-violations`, text)
  meter.evaluated(request, 'deny', 'audit', audit)
}

function warn(
  request: AdmissionRequest,
  { warn: level }: PodSecurityPolicy,
  pod: PodLike,
  meter: PodSecurityMeter,
): void {
  const text = wouldViolate(level, pod)
  if (text === undefined) return
  request.warnings.push(text)
  meter.evaluated(request, 'deny', 'warn', level)
}

function wouldViolate(level: LevelVersion, pod: PodLike): string | undefined {
  const violations = evaluatePod(level, pod)
  if (violations.length === 0) return undefined
  return `would violate PodSecurity ${quote(levelText(level))}: ${violationsText(violations)}`
}

function checkNamespace(request: AdmissionRequest, { pods, defaults, exemptions }: Guard): void {
  const namespace = request.object as Namespace
  const old = request.oldObject as Namespace | undefined
  const { name = '', labels = {} } = namespace.metadata
  const now = policyOf(labels, defaults)
  const before = old ? policyOf(old.metadata.labels, defaults) : undefined
  if (now.errors.length && !isDeepStrictEqual(now.errors, before?.errors)) {
    throw invalid({ group: '', kind: 'Namespace' }, name, now.errors)
  }
  if (before && !isTighter(now.policy.enforce, before.policy.enforce)) return
  if (exemptions.namespaces.includes(name)) {
    const text = exemptionWarning(name, labels, now.policy, defaults)
    if (text !== undefined) request.warnings.push(text)
  } else if (before) request.warnings.push(...existingPodWarnings(name, now.policy.enforce, pods.list(name)))
}

function isTighter(now: LevelVersion, before: LevelVersion): boolean {
  if (now.level === 'privileged') return false
  return now.version !== before.version || strictness(now.level) > strictness(before.level)
}
