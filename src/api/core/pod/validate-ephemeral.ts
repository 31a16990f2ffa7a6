import { isGivenEmpty } from '../../../machinery/schema/empties.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type { EphemeralContainer } from '../../types/core-v1.gen.ts'
import { type PodContext, validateContainer } from './containers.ts'

const forbidden = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const
const cannot = 'cannot be set for an Ephemeral Container'

/** Debug containers (pkg/apis/core/validation validateEphemeralContainers): no ports, no promises. */
export function validateEphemeralContainers(context: PodContext, path: string, errors: FieldErrors): void {
  const { containers, initContainers = [], ephemeralContainers = [] } = context.spec
  const others = new Set([...containers, ...initContainers].map(({ name }) => name))
  const names = new Set(others)
  ephemeralContainers.forEach((container, i) => {
    const at = `${path}[${i}]`
    validateContainer(container, context, at, errors)
    if (names.has(container.name)) errors.duplicate(`${at}.name`, container.name)
    names.add(container.name)
    const target = container.targetContainerName
    if (target && !others.has(target)) errors.notFound(`${at}.targetContainerName`, target)
    validateFields(container, at, errors)
  })
}

function validateFields(container: EphemeralContainer, path: string, errors: FieldErrors): void {
  for (const field of forbidden) {
    const value = container[field]
    // Only a struct that stands there itself is none when it is empty.
    const isNone = field === 'resources' ? Object.keys(value ?? {}).length === 0 : value === undefined
    if (!isNone || isGivenEmpty(container, field)) errors.forbidden(`${path}.${field}`, cannot)
  }
  container.volumeMounts?.forEach(({ subPath, subPathExpr }, i) => {
    if (subPath) errors.forbidden(`${path}.volumeMounts[${i}].subPath`, cannot)
    if (subPathExpr) errors.forbidden(`${path}.volumeMounts[${i}].subPathExpr`, cannot)
  })
}
