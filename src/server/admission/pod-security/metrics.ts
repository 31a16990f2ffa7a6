import type { Counter, MetricSpec, Metrics } from '../../../std/metrics.ts'
import type { AdmissionRequest } from '../../context.ts'
import type { LevelVersion, PodSecurityPolicy } from './policy.ts'
import { minorOf, newestMinor } from './policy.ts'

const where = ['request_operation', 'resource', 'subresource']

/** Names and labels are upstream's (k8s.io/pod-security-admission/metrics). */
const evaluations: MetricSpec = {
  name: 'pod_security_evaluations_total',
  help: 'Pods that were held to a level, by what came of it; exempt and ignored ones are not counted.',
  labels: ['decision', 'policy_level', 'policy_version', 'mode', ...where],
  stability: 'ALPHA',
}
const exemptions: MetricSpec = {
  name: 'pod_security_exemptions_total',
  help: 'Requests that were not looked at.',
  labels: where,
  stability: 'ALPHA',
}
const errors: MetricSpec = {
  name: 'pod_security_errors_total',
  help: 'What kept pods from being looked at as their namespace wants.',
  labels: ['fatal', ...where],
  stability: 'ALPHA',
}

/** Counts what Pod Security decides. */
export interface PodSecurityMeter {
  evaluated(
    request: AdmissionRequest,
    decision: 'allow' | 'deny',
    mode: keyof PodSecurityPolicy,
    level: LevelVersion,
  ): void
  exempted(request: AdmissionRequest): void
  failed(request: AdmissionRequest, fatal: boolean): void
}

export function podSecurityMeter(metrics: Metrics): PodSecurityMeter {
  const evaluated = metrics.counter(evaluations)
  const exempted = metrics.counter(exemptions)
  const failed = metrics.counter(errors)
  const usual: Record<string, Counter> = {}
  for (const operation of ['create', 'update']) {
    usual[operation] = evaluated.with('allow', 'privileged', 'latest', 'enforce', operation, 'pod', '')
    for (const resource of ['pod', 'controller']) exempted.with(operation, resource, '')
  }
  return {
    evaluated(request, decision, mode, level) {
      const place = placeOf(request)
      const isUsual = level.level === 'privileged' && place[1] === 'pod' && place[2] === ''
      if (isUsual && decision === 'allow' && mode === 'enforce') return usual[place[0]!]?.inc()
      evaluated.with(decision, level.level, versionOf(level), mode, ...place).inc()
    },
    exempted: request => exempted.with(...placeOf(request)).inc(),
    failed: (request, fatal) => failed.with(String(fatal), ...placeOf(request)).inc(),
  }
}

function placeOf({ operation, resource, info }: AdmissionRequest): string[] {
  const core = resource.group === '' ? resource.plural : ''
  const kind = core === 'pods' ? 'pod' : core === 'namespaces' ? 'namespace' : 'controller'
  return [operation === 'CREATE' ? 'create' : 'update', kind, info.subresource]
}

function versionOf({ level, version }: LevelVersion): string {
  if (level === 'privileged' || version === 'latest') return 'latest'
  return minorOf(version) > newestMinor ? 'future' : version
}
