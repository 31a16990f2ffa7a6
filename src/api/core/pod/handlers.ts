/** Probes and lifecycle hooks (pkg/apis/core/validation validateHandler, validateProbe). */
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import {
  httpHeaderNameErrors,
  nonnegative,
  validatePort,
  validatePortNumberOrName,
} from '../../../machinery/validation/values.ts'
import type {
  Container,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
  ProbeHandler,
} from '../../types/core-v1.gen.ts'

type Handler = ProbeHandler & LifecycleHandler

const rules: {
  readonly [K in keyof Handler]-?: (
    action: NonNullable<Handler[K]>,
    path: string,
    errors: FieldErrors,
  ) => void
} = {
  exec({ command = [] }, path, errors) {
    if (command.length === 0) errors.required(`${path}.command`)
  },
  httpGet: validateHttpGet,
  tcpSocket: ({ port }, path, errors) => validatePortNumberOrName(port, `${path}.port`, errors),
  grpc: ({ port }, path, errors) => validatePort(port, `${path}.port`, errors),
  sleep: () => {},
}

function validateHttpGet(
  { path: target, port, scheme = '', httpHeaders = [] }: HTTPGetAction,
  path: string,
  errors: FieldErrors,
): void {
  if (!target) errors.required(`${path}.path`)
  validatePortNumberOrName(port, `${path}.port`, errors)
  if (scheme !== 'HTTP' && scheme !== 'HTTPS')
    errors.notSupported(`${path}.scheme`, scheme, ['HTTP', 'HTTPS'])
  for (const { name } of httpHeaders)
    invalidFor(errors, `${path}.httpHeaders`, name, httpHeaderNameErrors(name))
}

function validateHandler(handler: Handler, graceSeconds: number, path: string, errors: FieldErrors): void {
  const [first, ...more] = (Object.keys(rules) as (keyof Handler)[]).filter(name => handler[name])
  if (!first) return errors.required(path, 'must specify a handler type')
  rules[first](handler[first] as never, `${path}.${first}`, errors)
  if (first === 'sleep') {
    const { seconds } = handler.sleep!
    if (seconds < 0 || seconds > graceSeconds) {
      const detail = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`
      errors.invalid(`${path}.sleep`, seconds, detail)
    }
  }
  for (const name of more) errors.forbidden(`${path}.${name}`, 'may not specify more than 1 handler type')
}

/** Hooks of a container; `os` is the pod's operating system. */
export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  pod: { readonly graceSeconds: number; readonly os: string | undefined },
  path: string,
  errors: FieldErrors,
): void {
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = lifecycle?.[hook]
    if (handler) validateHandler(handler, pod.graceSeconds, `${path}.${hook}`, errors)
  }
  if (lifecycle?.stopSignal !== undefined && !pod.os) {
    errors.forbidden(`${path}.stopSignal`, 'may not be set for containers with empty `spec.os.name`')
  }
}

/** Liveness, readiness and startup of a container. */
export function validateProbes(
  container: Container,
  graceSeconds: number,
  path: string,
  errors: FieldErrors,
): void {
  const { livenessProbe, readinessProbe, startupProbe } = container
  if (livenessProbe) validateProbe(livenessProbe, graceSeconds, `${path}.livenessProbe`, errors)
  validateSingleSuccess(livenessProbe, `${path}.livenessProbe`, errors)
  if (readinessProbe) validateProbe(readinessProbe, graceSeconds, `${path}.readinessProbe`, errors)
  const ownGrace = readinessProbe?.terminationGracePeriodSeconds
  if (ownGrace !== undefined) {
    const at = `${path}.readinessProbe.terminationGracePeriodSeconds`
    errors.invalid(at, ownGrace, 'must not be set for readinessProbes')
  }
  if (startupProbe) validateProbe(startupProbe, graceSeconds, `${path}.startupProbe`, errors)
  validateSingleSuccess(startupProbe, `${path}.startupProbe`, errors)
}

function validateSingleSuccess(probe: Probe | undefined, path: string, errors: FieldErrors): void {
  if (probe && probe.successThreshold !== 1)
    errors.invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1')
}

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

function validateProbe(probe: Probe, graceSeconds: number, path: string, errors: FieldErrors): void {
  validateHandler(probe, graceSeconds, path, errors)
  for (const field of counts) nonnegative(probe[field], `${path}.${field}`, errors)
  const { terminationGracePeriodSeconds: seconds } = probe
  if (seconds !== undefined && seconds <= 0) {
    errors.invalid(`${path}.terminationGracePeriodSeconds`, seconds, 'must be greater than 0')
  }
}
