import { formatLabels } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import { immutableInternal } from '../shared/internal-value.ts'
import type { PodCertificateRequest } from '../types/certificates-v1beta1.gen.ts'
import { validateCertificateRequest } from './pod-certificate-spec.ts'
import { validateCertificateStatus } from './pod-certificate-status.ts'

const states: readonly string[] = ['Issued', 'Denied', 'Failed']

/** How a kubelet asks a signer for the certificate of one pod (KEP-4317). What was asked for stays as it is. */
export const podCertificateRequests = defineResource<PodCertificateRequest>(
  'certificates.k8s.io/v1beta1',
  'PodCertificateRequest',
  {
    gate: 'PodCertificateRequest',
    strategy: {
      allowUnconditionalUpdate: false,
      validate: validateCertificateRequest,
      validatesOnceOnly: true,
      validateUpdate: ({ spec }, old, errors) =>
        immutableInternal(
          'k8s.io/api/certificates/v1beta1.PodCertificateRequestSpec',
          [spec, old.spec],
          'spec',
          errors,
        ),
    },
    subresources: {
      status: { keepsMetadata: 'claimed', strategy: { validateUpdate: validateCertificateStatus } },
    },
    cells: {
      PodName: ({ spec }) => spec?.podName ?? '',
      ServiceAccountName: ({ spec }) => spec?.serviceAccountName ?? '',
      NodeName: ({ spec }) => spec?.nodeName ?? '',
      SignerName: ({ spec }) => spec?.signerName ?? '',
      State: ({ status }) =>
        status?.conditions?.findLast(({ type }) => states.includes(type))?.type ?? 'Pending',
      UnverifiedUserAnnotations: ({ spec }) => formatLabels(spec?.unverifiedUserAnnotations),
    },
    selectableFields: {
      'spec.signerName': ({ spec }) => spec?.signerName ?? '',
      'spec.podName': ({ spec }) => spec?.podName ?? '',
      'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    },
  },
)
