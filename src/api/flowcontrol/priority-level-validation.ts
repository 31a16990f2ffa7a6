/** Rules of PriorityLevelConfigurations (pkg/apis/flowcontrol/validation). */
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { rangeText } from '../../machinery/validation/values.ts'
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../types/flowcontrol-v1.gen.ts'
import { validateFlowStatus } from './flow-schema-validation.ts'
import { validateMandatoryLevel } from './mandatory.ts'

const types = ['Exempt', 'Limited']
const responses = ['Queue', 'Reject']
const queuesMax = 10_000_000
const entropyBitsMax = 60

/** A new or changed level. */
export function validatePriorityLevel(level: PriorityLevelConfiguration, errors: FieldErrors): void {
  const { metadata, spec = {} as PriorityLevelConfigurationSpec } = level
  const { type = '', limited, exempt } = spec
  if ((metadata.name === 'exempt') !== (type === 'Exempt'))
    errors.invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'")
  if (type === 'Exempt') {
    if (limited) errors.forbidden('spec.limited', 'must be nil if the type is not Limited')
    if (exempt) validateShares(exempt, 'spec.exempt', errors)
  } else if (type === 'Limited') {
    if (exempt) errors.forbidden('spec.exempt', 'must be nil if the type is Limited')
    if (limited) validateLimited(limited, 'spec.limited', errors)
    else errors.required('spec.limited', 'must not be empty when type is Limited')
  } else errors.notSupported('spec.type', type, types)
  validateMandatoryLevel(metadata.name ?? '', spec, errors)
  validateFlowStatus(level, errors)
}

function validateLimited(
  limited: LimitedPriorityLevelConfiguration,
  path: string,
  errors: FieldErrors,
): void {
  const { nominalConcurrencyShares: shares = 0, borrowingLimitPercent: borrowing } = limited
  if (shares < 0) errors.invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')
  validateResponse(limited.limitResponse ?? ({} as LimitResponse), `${path}.limitResponse`, errors)
  validateLendable(limited.lendablePercent, path, errors)
  if (borrowing !== undefined && borrowing < 0) {
    const detail = 'if specified, must be a non-negative integer'
    errors.invalid(`${path}.borrowingLimitPercent`, borrowing, detail)
  }
}

function validateShares(
  {
    nominalConcurrencyShares: shares,
    lendablePercent,
  }: NonNullable<PriorityLevelConfigurationSpec['exempt']>,
  path: string,
  errors: FieldErrors,
): void {
  if (shares !== undefined && shares < 0)
    errors.invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')
  validateLendable(lendablePercent, path, errors)
}

function validateLendable(percent: number | undefined, path: string, errors: FieldErrors): void {
  if (percent !== undefined && !(percent >= 0 && percent <= 100))
    errors.invalid(`${path}.lendablePercent`, percent, rangeText(0, 100))
}

/** Upstream says Limited where it means Queue. */
function validateResponse({ type = '', queuing }: LimitResponse, path: string, errors: FieldErrors): void {
  const at = `${path}.queuing`
  if (type === 'Reject') {
    if (queuing) errors.forbidden(at, 'must be nil if limited.limitResponse.type is not Limited')
  } else if (type === 'Queue') {
    if (queuing) validateQueuing(queuing, at, errors)
    else errors.required(at, 'must not be empty if limited.limitResponse.type is Limited')
  } else errors.notSupported(`${path}.type`, type, responses)
}

function validateQueuing(queuing: QueuingConfiguration, path: string, errors: FieldErrors): void {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing
  if (queueLengthLimit <= 0) errors.invalid(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive')
  if (queues <= 0) errors.invalid(`${path}.queues`, queues, 'must be positive')
  else if (queues > queuesMax)
    errors.invalid(`${path}.queues`, queues, `must not be greater than ${queuesMax}`)
  const problem = handProblem(queues, handSize)
  if (problem) errors.invalid(`${path}.handSize`, handSize, problem)
}

function handProblem(queues: number, handSize: number): string | undefined {
  if (handSize <= 0) return 'must be positive'
  if (handSize > queues) return `should not be greater than queues (${queues})`
  if (Math.ceil(Math.log2(queues) * handSize) <= entropyBitsMax) return undefined
  return `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${entropyBitsMax}`
}
