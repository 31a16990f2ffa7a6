/** Containers of all sorts (pkg/apis/core/validation validateContainers, validateInitContainers). */
import { dns1123LabelErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { portNameErrors, validatePort } from '../../../machinery/validation/values.ts'
import { portProtocols } from '../../shared/endpoint-address.ts'
import type { Container, ContainerPort, PodSpec } from '../../types/core-v1.gen.ts'
import { validateEnv, validateEnvFrom } from './env.ts'
import { validateLifecycle, validateProbes } from './handlers.ts'
import { validateResources } from './resource-requirements.ts'
import {
  validateContainerRestartPolicy,
  validateInitRestartPolicy,
  validateResizePolicy,
} from './restart-policy.ts'
import { validateSecurityContext } from './security-context.ts'
import { type VolumeIndex, validateDevices, validateMounts } from './volumes.ts'

/** What a container must know of its pod. */
export interface PodContext {
  readonly spec: PodSpec
  readonly volumes: VolumeIndex
  readonly claimNames: ReadonlySet<string>
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const messagePolicies = ['File', 'FallbackToLogsOnError']

/** App containers: at least one. */
export function validateContainers(context: PodContext, path: string, errors: FieldErrors): void {
  const { containers } = context.spec
  if (containers.length === 0) return errors.required(path)
  const names = new Set<string>()
  containers.forEach((container, i) => {
    const at = `${path}[${i}]`
    validateContainer(container, context, at, errors)
    if (names.has(container.name)) errors.duplicate(`${at}.name`, container.name)
    names.add(container.name)
    validateBehaviour(container, context.spec, at, errors)
    validateContainerRestartPolicy(container, at, errors)
  })
  validateHostPorts(containers, path, errors)
}

/** Init containers; those that restart always are sidecars and have probes and hooks. */
export function validateInitContainers(context: PodContext, path: string, errors: FieldErrors): void {
  const { containers, initContainers = [] } = context.spec
  const names = new Set(containers.map(({ name }) => name))
  initContainers.forEach((container, i) => {
    const at = `${path}[${i}]`
    validateContainer(container, context, at, errors)
    const isSidecar = container.restartPolicy === 'Always'
    validateInitRestartPolicy(container, at, errors)
    if (names.has(container.name)) errors.duplicate(`${at}.name`, container.name)
    else if (container.name) names.add(container.name)
    validateHostPorts([container], path, errors)
    if (isSidecar) validateBehaviour(container, context.spec, at, errors)
    else forbidBehaviour(container, at, errors)
  })
}

function validateBehaviour(container: Container, spec: PodSpec, path: string, errors: FieldErrors): void {
  const graceSeconds = spec.terminationGracePeriodSeconds ?? 0
  validateLifecycle(container.lifecycle, { graceSeconds, os: spec.os?.name }, `${path}.lifecycle`, errors)
  validateProbes(container, graceSeconds, path, errors)
}

function forbidBehaviour(container: Container, path: string, errors: FieldErrors): void {
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (!container[field]) continue
    errors.forbidden(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always')
  }
}

/** What holds for every container. */
export function validateContainer(
  container: Container,
  context: PodContext,
  path: string,
  errors: FieldErrors,
): void {
  const { name, image, terminationMessagePolicy = '', imagePullPolicy = '' } = container
  if (!name) errors.required(`${path}.name`)
  else invalidFor(errors, `${path}.name`, name, dns1123LabelErrors(name))
  if (!image) errors.required(`${path}.image`)
  validateEnumerated(terminationMessagePolicy, messagePolicies, `${path}.terminationMessagePolicy`, errors)
  validatePorts(container.ports ?? [], `${path}.ports`, errors)
  validateEnv(container.env, `${path}.env`, errors)
  validateEnvFrom(container.envFrom, `${path}.envFrom`, errors)
  validateMounts(container, context.volumes, `${path}.volumeMounts`, errors)
  validateDevices(container, context.volumes, `${path}.volumeDevices`, errors)
  validateEnumerated(imagePullPolicy, pullPolicies, `${path}.imagePullPolicy`, errors)
  validateResources(container.resources, context.claimNames, `${path}.resources`, errors)
  validateResizePolicy(
    container.resizePolicy ?? [],
    context.spec.restartPolicy ?? '',
    `${path}.resizePolicy`,
    errors,
  )
  const hostUsers = context.spec.hostUsers ?? true
  validateSecurityContext(container.securityContext, hostUsers, `${path}.securityContext`, errors)
}

function validateEnumerated(
  value: string,
  values: readonly string[],
  path: string,
  errors: FieldErrors,
): void {
  if (!value) errors.required(path)
  else if (!values.includes(value)) errors.notSupported(path, value, values)
}

function validatePorts(ports: readonly ContainerPort[], path: string, errors: FieldErrors): void {
  const names = new Set<string>()
  ports.forEach(({ name, containerPort, hostPort, protocol = 'TCP' }, i) => {
    const at = `${path}[${i}]`
    if (name) {
      const reasons = portNameErrors(name)
      invalidFor(errors, `${at}.name`, name, reasons)
      if (reasons.length === 0 && names.has(name)) errors.duplicate(`${at}.name`, name)
      names.add(name)
    }
    if (!containerPort) errors.required(`${at}.containerPort`)
    else validatePort(containerPort, `${at}.containerPort`, errors)
    if (hostPort) validatePort(hostPort, `${at}.hostPort`, errors)
    if (!portProtocols.includes(protocol)) errors.notSupported(`${at}.protocol`, protocol, portProtocols)
  })
}

function validateHostPorts(containers: readonly Container[], path: string, errors: FieldErrors): void {
  const taken = new Set<string>()
  containers.forEach(({ ports = [] }, i) => {
    ports.forEach(({ hostPort, hostIP = '', protocol = 'TCP' }, j) => {
      if (!hostPort) return
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(key)) errors.duplicate(`${path}[${i}].ports[${j}].hostPort`, key)
      taken.add(key)
    })
  })
}
