import { patternError } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { validateIp } from '../../../machinery/validation/values.ts'
import type { PodSpec } from '../../types/core-v1.gen.ts'

const policies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const nameserversMax = 3
const searchesMax = 32
const searchCharsMax = 2048
const searchMax = 253
/** Search paths may have underscores since 1.34 (KEP-4427). */
const searchLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const searchName = `${searchLabel}(\\.${searchLabel})*`
const searchRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character"

/** The policy alone: it is told long before what is wrong with the rest. */
export function validateDnsPolicy({ dnsPolicy = '' }: PodSpec, podPath: string, errors: FieldErrors): void {
  if (!dnsPolicy) errors.required(`${podPath}.dnsPolicy`)
  else if (!policies.includes(dnsPolicy)) errors.notSupported(`${podPath}.dnsPolicy`, dnsPolicy, policies)
}

/** The pod's resolver (pkg/apis/core/validation validateDNSPolicy, validatePodDNSConfig). */
export function validateDns(
  { dnsPolicy = '', dnsConfig }: PodSpec,
  podPath: string,
  errors: FieldErrors,
): void {
  const path = `${podPath}.dnsConfig`
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {}
  if (dnsPolicy === 'None' && !dnsConfig) {
    return errors.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')
  }
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    return errors.required(`${path}.nameservers`, detail)
  }
  if (nameservers.length > nameserversMax) {
    errors.invalid(
      `${path}.nameservers`,
      nameservers,
      `must not have more than ${nameserversMax} nameservers`,
    )
  }
  nameservers.forEach((server, i) => {
    validateIp(server, `${path}.nameservers[${i}]`, errors)
  })
  validateSearches(searches, `${path}.searches`, errors)
  options.forEach(({ name }, i) => {
    if (!name) errors.required(`${path}.options[${i}]`, 'must not be empty')
  })
}

function validateSearches(searches: readonly string[], path: string, errors: FieldErrors): void {
  if (searches.length > searchesMax) {
    errors.invalid(path, searches, `must not have more than ${searchesMax} search paths`)
  }
  if (searches.join(' ').length > searchCharsMax) {
    const detail = `must not have more than ${searchCharsMax} characters (including spaces) in the search list`
    errors.invalid(path, searches, detail)
  }
  searches.forEach((search, i) => {
    const name = search.replace(/\.$/, '')
    if (search !== '.' && name.length > searchMax)
      errors.invalid(`${path}[${i}]`, name, `must be no more than ${searchMax} characters`)
    if (search !== '.' && !new RegExp(`^${searchName}$`).test(name)) {
      errors.invalid(`${path}[${i}]`, name, patternError(searchRule, searchName, 'example.com'))
    }
  })
}
