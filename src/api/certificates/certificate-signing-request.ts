import { findCondition } from '../../machinery/meta/conditions.ts'
import { none } from '../../machinery/table/cells.ts'
import { humanDuration } from '../../machinery/table/duration.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { StrategyContext } from '../define.ts'
import { defineResource } from '../define-resource.ts'
import { sameField } from '../shared/same-field.ts'
import type { CertificateSigningRequest } from '../types/certificates-v1.gen.ts'
import { keyUsages, requestProblem, validateConditions, validateSignerName } from './signing-rules.ts'

const expirationSecondsMin = 600

function statusText({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some(condition => condition.type === type)
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return `${decision}${has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`
}

function validate({ spec }: CertificateSigningRequest, errors: FieldErrors): void {
  const { usages = [], signerName = '', expirationSeconds } = spec ?? {}
  const problem = requestProblem(spec?.request ?? '')
  if (problem) errors.invalid('spec.request', spec?.request ?? null, problem)
  if (usages.length === 0) errors.required('spec.usages')
  usages.forEach((usage, i) => {
    if (!keyUsages.includes(usage)) errors.notSupported(`spec.usages[${i}]`, usage, keyUsages)
    else if (usages.indexOf(usage) < i) errors.duplicate(`spec.usages[${i}]`, usage)
  })
  validateSignerName(signerName, 'spec.signerName', errors)
  if (signerName === 'kubernetes.io/legacy-unknown') {
    const text = 'the legacy signerName is not allowed via this API version'
    errors.invalid('spec.signerName', signerName, text)
  }
  if (expirationSeconds !== undefined && expirationSeconds < expirationSecondsMin) {
    errors.invalid(
      'spec.expirationSeconds',
      expirationSeconds,
      'may not specify a duration less than 600 seconds (10 minutes)',
    )
  }
}

/** Conditions carry the time of their change, whoever writes them. */
function stampConditions(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  { now }: StrategyContext,
): void {
  for (const condition of request.status?.conditions ?? []) {
    const before = findCondition(old.status?.conditions, condition.type)
    condition.lastUpdateTime ??= now
    condition.lastTransitionTime ??=
      before?.status === condition.status ? (before.lastTransitionTime ?? now) : now
  }
}

const statusType = 'k8s.io/api/certificates/v1.CertificateSigningRequestStatus'
const pemStart = '-----BEGIN CERTIFICATE-----'

function validateStatus(
  { status }: CertificateSigningRequest,
  old: CertificateSigningRequest,
  errors: FieldErrors,
): void {
  validateConditions(status?.conditions ?? [], old.status?.conditions ?? [], errors)
  const { certificate } = status ?? {}
  if (certificate && !Buffer.from(certificate, 'base64').includes(pemStart)) {
    const detail = 'must contain at least one CERTIFICATE PEM block'
    errors.invalid('status.certificate', '<certificate data>', detail)
  }
  if (old.status?.certificate && !sameField(statusType, 'certificate', status, old.status)) {
    errors.forbidden('status.certificate', 'updates may not change the certificate')
  }
}

export const certificateSigningRequests = defineResource<CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'CertificateSigningRequest',
  {
    strategy: {
      validateName: () => [],
      resetFields: [['spec']],
      prepareForCreate({ spec }, { user }) {
        if (!spec || !user) return
        spec.username = user.username
        if (user.uid) spec.uid = user.uid
        spec.groups = [...user.groups]
        if (user.extra) spec.extra = structuredClone(user.extra) as Record<string, string[]>
      },
      prepareForUpdate(request, old) {
        request.spec = structuredClone(old.spec)
      },
      validate,
    },
    subresources: {
      status: {
        strategy: { prepareForUpdate: stampConditions, validateUpdate: validateStatus },
        resetFields: [['status', 'conditions']],
      },
      approval: {
        writes: ['status'],
        resetFields: [['status', 'certificate']],
        strategy: {
          prepareForUpdate(request, old, context) {
            stampConditions(request, old, context)
            const conditions = request.status?.conditions ?? []
            request.status = { ...structuredClone(old.status ?? {}), conditions }
          },
          validateUpdate: validateStatus,
        },
      },
    },
    cells: {
      SignerName: ({ spec }) => spec?.signerName || none,
      Requestor: ({ spec }) => spec?.username ?? '',
      RequestedDuration({ spec }) {
        return spec?.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000)
      },
      Condition: statusText,
    },
    selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  },
)
