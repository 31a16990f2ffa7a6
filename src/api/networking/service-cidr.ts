import { isGivenEmpty } from '../../machinery/schema/empties.ts'
import { strictCidrErrors } from '../../machinery/validation/addresses.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { immutableText, ipFamily } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { ServiceCIDR } from '../types/networking-v1.gen.ts'

const path = 'spec.cidrs'
const oneOfEach = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'

function validateCidrs(cidrs: readonly string[], errors: FieldErrors): void {
  if (cidrs.length === 0) return errors.required(path, 'at least one CIDR required')
  if (cidrs.length > 2) return errors.invalid(path, { CIDRs: cidrs }, 'may only hold up to 2 values')
  cidrs.forEach((cidr, i) => {
    invalidFor(errors, `${path}[${i}]`, cidr, strictCidrErrors(cidr))
  })
  const [first, second] = cidrs.map(cidr => ipFamily(cidr.split('/')[0]!))
  if (first !== 0 && first === second) errors.invalid(path, cidrs, oneOfEach)
}

type Spec = ServiceCIDR['spec']

/** As Go prints the list: nothing is not empty. */
function shown(spec: Spec): readonly string[] | null {
  const { cidrs = [] } = spec ?? {}
  return cidrs.length > 0 || (spec && isGivenEmpty(spec, 'cidrs')) ? cidrs : null
}

/** A second family may join the first, nothing else changes. */
function validateChange(spec: Spec, old: readonly string[], errors: FieldErrors): void {
  const { cidrs = [] } = spec ?? {}
  const isJoined = old.length === 1 && cidrs.length === 2
  if (old.length !== cidrs.length && !isJoined) return errors.invalid(path, shown(spec), immutableText)
  old.forEach((cidr, i) => {
    if (cidr !== cidrs[i]) errors.invalid(`${path}[${i}]`, cidrs[i], immutableText)
  })
  if (isJoined) validateCidrs(cidrs, errors)
}

const define = (version: string) =>
  defineResource<ServiceCIDR>(`networking.k8s.io/${version}`, 'ServiceCIDR', {
    strategy: {
      validate: ({ spec }, errors) => validateCidrs(spec?.cidrs ?? [], errors),
      validatesOnceOnly: true,
      resetFields: 'none',
      validateUpdate: ({ spec }, old, errors) => validateChange(spec, old.spec?.cidrs ?? [], errors),
    },
    subresources: { status: { keepsMetadata: 'claimed' } },
    cells: { CIDRs: ({ spec }) => (spec?.cidrs ?? []).join(',') },
  })

export const serviceCidrs = define('v1')
export const serviceCidrsBeta = define('v1beta1')
