import { immutable, ipFamily, validateCidr } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { ServiceCIDR } from '../types/networking-v1.gen.ts'

export const serviceCidrs = defineResource<ServiceCIDR>('networking.k8s.io/v1', 'ServiceCIDR', {
  strategy: {
    validate({ spec }, errors) {
      const { cidrs = [] } = spec ?? {}
      if (cidrs.length === 0) errors.required('spec.cidrs', 'at least one CIDR required')
      if (cidrs.length > 2) errors.invalid('spec.cidrs', cidrs, 'may only hold up to 2 values')
      cidrs.forEach((cidr, i) => {
        validateCidr(cidr, `spec.cidrs[${i}]`, errors)
      })
      if (cidrs.length === 2 && new Set(cidrs.map(cidr => ipFamily(cidr.split('/')[0]!))).size === 1) {
        errors.invalid(
          'spec.cidrs',
          cidrs,
          'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
        )
      }
    },
    validateUpdate: ({ spec }, old, errors) => immutable(spec?.cidrs, old.spec?.cidrs, 'spec.cidrs', errors),
  },
  subresources: { status: { keepsMetadata: 'claimed' } },
  cells: { CIDRs: ({ spec }) => (spec?.cidrs ?? []).join(',') },
})
