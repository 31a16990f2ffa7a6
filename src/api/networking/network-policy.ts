import { formatLabelSelector } from '../../machinery/table/cells.ts'
import { rangeWarnings } from '../../machinery/validation/address-warnings.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import {
  cidrContains,
  portNameErrors,
  validateCidr,
  validatePort,
} from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../types/networking-v1.gen.ts'

const protocols = ['TCP', 'UDP', 'SCTP']
const policyTypes = ['Ingress', 'Egress']

function setDefaults(policy: NetworkPolicy): void {
  policy.spec ??= {}
  const { spec } = policy
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
  }
}

function validate({ spec = {} }: NetworkPolicy, errors: FieldErrors): void {
  validateLabelSelector(spec.podSelector, 'spec.podSelector', errors)
  spec.ingress?.forEach(({ ports, from }, i) => {
    validatePorts(ports, `spec.ingress[${i}].ports`, errors)
    validatePeers(from, `spec.ingress[${i}].from`, errors)
  })
  spec.egress?.forEach(({ ports, to }, i) => {
    validatePorts(ports, `spec.egress[${i}].ports`, errors)
    validatePeers(to, `spec.egress[${i}].to`, errors)
  })
  const types = spec.policyTypes ?? []
  if (types.length > policyTypes.length) {
    return errors.invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')
  }
  types.forEach((type, i) => {
    if (!policyTypes.includes(type)) errors.notSupported(`spec.policyTypes[${i}]`, type, policyTypes)
  })
}

function validatePorts(ports: readonly NetworkPolicyPort[] = [], path: string, errors: FieldErrors): void {
  ports.forEach(({ protocol, port, endPort }, i) => {
    const at = `${path}[${i}]`
    if (protocol !== undefined && !protocols.includes(protocol))
      errors.notSupported(`${at}.protocol`, protocol, protocols)
    if (typeof port === 'number') {
      validatePort(port, `${at}.port`, errors)
      if (endPort === undefined) return
      if (endPort < port) errors.invalid(`${at}.endPort`, port, 'must be greater than or equal to `port`')
      validatePort(endPort, `${at}.endPort`, errors)
      return
    }
    if (endPort !== undefined) {
      const why = port === undefined ? 'not specified' : 'non-numeric'
      errors.invalid(`${at}.endPort`, endPort, `may not be specified when \`port\` is ${why}`)
    }
    if (port !== undefined) invalidFor(errors, `${at}.port`, port, portNameErrors(port))
  })
}

function validatePeers(peers: readonly NetworkPolicyPeer[] = [], path: string, errors: FieldErrors): void {
  peers.forEach(({ podSelector, namespaceSelector, ipBlock }, i) => {
    const at = `${path}[${i}]`
    validateLabelSelector(podSelector, `${at}.podSelector`, errors)
    validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`, errors)
    if (ipBlock) validateIpBlock(ipBlock, `${at}.ipBlock`, errors)
    if (!podSelector && !namespaceSelector && !ipBlock) errors.required(at, 'must specify a peer')
    else if (ipBlock && (podSelector || namespaceSelector)) {
      errors.forbidden(at, 'may not specify both ipBlock and another peer')
    }
  })
}

function validateIpBlock({ cidr, except = [] }: IPBlock, path: string, errors: FieldErrors): void {
  if (!cidr) return errors.required(`${path}.cidr`)
  const before = errors.list.length
  validateCidr(cidr, `${path}.cidr`, errors)
  if (errors.list.length > before) return
  except.forEach((inner, i) => {
    const count = errors.list.length
    validateCidr(inner, `${path}.except[${i}]`, errors)
    if (errors.list.length === count && !cidrContains(cidr, inner)) {
      errors.invalid(`${path}.except[${i}]`, inner, 'must be a strict subset of `cidr`')
    }
  })
}

function blockWarnings({ spec }: NetworkPolicy): string[] {
  const ingress = (spec?.ingress ?? []).flatMap(({ from = [] }, i) =>
    from.flatMap(({ ipBlock }, j) => ofBlock(ipBlock, `spec.ingress[${i}].from[${j}].ipBlock`)),
  )
  const egress = (spec?.egress ?? []).flatMap(({ to = [] }, i) =>
    to.flatMap(({ ipBlock }, j) => ofBlock(ipBlock, `spec.egress[${i}].to[${j}].ipBlock`)),
  )
  return [...ingress, ...egress]
}

function ofBlock(block: IPBlock | undefined, path: string): string[] {
  if (!block) return []
  const inner = (block.except ?? []).flatMap((range, i) => rangeWarnings(range, `${path}.except[${i}]`))
  return [...rangeWarnings(block.cidr, `${path}.cidr`), ...inner]
}

export const networkPolicies = defineResource<NetworkPolicy>('networking.k8s.io/v1', 'NetworkPolicy', {
  strategy: { setDefaults, validate, warnings: blockWarnings, hasGeneration: true, countsEmpties: true },
  cells: { 'Pod-Selector': ({ spec }) => formatLabelSelector(spec?.podSelector ?? {}) },
})
