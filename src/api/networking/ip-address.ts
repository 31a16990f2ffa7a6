import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { none } from '../../machinery/table/cells.ts'
import { strictAddressErrors } from '../../machinery/validation/addresses.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { defineResource } from '../define-resource.ts'
import { validateSegment } from '../shared/driver-names.ts'
import { immutableInternal } from '../shared/internal-value.ts'
import type { IPAddress } from '../types/networking-v1.gen.ts'

function parentText({ spec }: IPAddress): string {
  const parent = spec?.parentRef
  if (!parent) return none
  const { group, resource = '', namespace, name } = parent
  const type = (group ? `${resource}.${group}` : resource).toLowerCase()
  return [type, ...(namespace ? [namespace] : []), name].join('/')
}

/** One address that is given to a Service; its name is the address. */
const define = (version: string) =>
  defineResource<IPAddress>(`networking.k8s.io/${version}`, 'IPAddress', {
    strategy: {
      takesNoSuffix: true,
      validateName: strictAddressErrors,
      validate({ spec }, errors) {
        const parent = spec?.parentRef
        if (!parent) return errors.required('spec.parentRef')
        const { group, resource, name, namespace } = parent
        if (group) invalidFor(errors, 'spec.parentRef.group', group, dns1123SubdomainErrors(group))
        validateSegment(resource, 'spec.parentRef.resource', errors)
        validateSegment(name, 'spec.parentRef.name', errors)
        if (namespace) validateSegment(namespace, 'spec.parentRef.namespace', errors)
      },
      validateUpdate: ({ spec }, old, errors) =>
        immutableInternal(
          'k8s.io/api/networking/v1.ParentReference',
          [spec?.parentRef, old.spec?.parentRef],
          'spec.parentRef',
          errors,
        ),
    },
    cells: { ParentRef: parentText },
    // Upstream prints the age, though it has no column for it.
    surplusCell: 'Age',
  })

export const ipAddresses = define('v1')
export const ipAddressesBeta = define('v1beta1')
