import { none } from '../../machinery/table/cells.ts'
import { immutable, ipFamily } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { IPAddress } from '../types/networking-v1.gen.ts'

function parentText({ spec }: IPAddress): string {
  const parent = spec?.parentRef
  if (!parent) return none
  const { group, resource = '', namespace, name } = parent
  const type = (group ? `${resource}.${group}` : resource).toLowerCase()
  return [type, ...(namespace ? [namespace] : []), name].join('/')
}

/** One address that is given to a Service; its name is the address. */
export const ipAddresses = defineResource<IPAddress>('networking.k8s.io/v1', 'IPAddress', {
  strategy: {
    validateName: name =>
      ipFamily(name) === 0 ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : [],
    validate({ spec }, errors) {
      const parent = spec?.parentRef
      if (!parent) return errors.required('spec.parentRef')
      if (!parent.resource) errors.required('spec.parentRef.resource')
      if (!parent.name) errors.required('spec.parentRef.name')
    },
    validateUpdate: ({ spec }, old, errors) =>
      immutable(spec?.parentRef, old.spec?.parentRef, 'spec.parentRef', errors),
  },
  cells: { ParentRef: parentText },
})
