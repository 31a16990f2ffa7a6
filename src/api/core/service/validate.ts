/** Rules of Services (pkg/apis/core/validation validateService). */
import {
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  qualifiedNameErrors,
} from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { validateLabels } from '../../../machinery/validation/label-selector.ts'
import {
  ipFamily,
  validateCidr,
  validateIp,
  validateOneOf,
  validatePort,
  validatePortNumberOrName,
} from '../../../machinery/validation/values.ts'
import { portProtocols, validateEndpointIp } from '../../shared/endpoint-address.ts'
import type { Service, ServicePort, ServiceSpec } from '../../types/core-v1.gen.ts'
import { isExternallyAccessible, isHeadless, needsHealthCheckPort } from './defaults.ts'

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const trafficPolicies = ['Cluster', 'Local']
const affinitySecondsMax = 86400

/** All rules that need no look at the old object. */
export function validateService({ spec = {} }: Service, errors: FieldErrors): void {
  validateByType(spec, errors)
  validatePorts(spec, errors)
  validateLabels(spec.selector, 'spec.selector', errors)
  validateAffinity(spec, errors)
  if (spec.type !== 'ExternalName') validateClusterIps(spec, errors)
  spec.externalIPs?.forEach((ip, i) => {
    const path = `spec.externalIPs[${i}]`
    if (ipFamily(ip) === 0) validateIp(ip, path, errors)
    else validateEndpointIp(ip, path, errors)
  })
  if (!spec.type) errors.required('spec.type')
  else validateOneOf(spec.type, types, 'spec.type', errors)
  validateNodePorts(spec, errors)
  validateLoadBalancer(spec, errors)
  validateTrafficPolicies(spec, errors)
}

function validateByType(spec: ServiceSpec, errors: FieldErrors): void {
  const { type, externalName = '' } = spec
  if (!spec.ports?.length && !isHeadless(spec) && type !== 'ExternalName') errors.required('spec.ports')
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec)) {
    errors.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`)
  }
  if (type !== 'ExternalName') return
  const forbidden = 'may not be set for ExternalName services'
  if (spec.clusterIPs?.length) errors.forbidden('spec.clusterIPs', forbidden)
  if (spec.ipFamilies?.length) errors.forbidden('spec.ipFamilies', forbidden)
  if (spec.ipFamilyPolicy !== undefined) errors.forbidden('spec.ipFamilyPolicy', forbidden)
  const name = externalName.replace(/\.$/, '')
  if (name) invalidFor(errors, 'spec.externalName', name, dns1123SubdomainErrors(name))
  else errors.required('spec.externalName')
}

function validatePorts({ ports = [] }: ServiceSpec, errors: FieldErrors): void {
  const names = new Set<string>()
  ports.forEach((port, i) => {
    const path = `spec.ports[${i}]`
    if (!port.name) {
      if (ports.length > 1) errors.required(`${path}.name`)
    } else {
      invalidFor(errors, `${path}.name`, port.name, dns1123LabelErrors(port.name))
      if (names.has(port.name)) errors.duplicate(`${path}.name`, port.name)
      names.add(port.name)
    }
    validatePortValues(port, path, errors)
  })
}

function validatePortValues(port: ServicePort, path: string, errors: FieldErrors): void {
  validatePort(port.port, `${path}.port`, errors)
  if (!port.protocol) errors.required(`${path}.protocol`)
  else validateOneOf(port.protocol, portProtocols, `${path}.protocol`, errors)
  validatePortNumberOrName(port.targetPort ?? 0, `${path}.targetPort`, errors)
  const { appProtocol } = port
  if (appProtocol !== undefined)
    invalidFor(errors, `${path}.appProtocol`, appProtocol, qualifiedNameErrors(appProtocol))
}

function validateAffinity(
  { sessionAffinity, sessionAffinityConfig }: ServiceSpec,
  errors: FieldErrors,
): void {
  if (!sessionAffinity) errors.required('spec.sessionAffinity')
  else validateOneOf(sessionAffinity, ['ClientIP', 'None'], 'spec.sessionAffinity', errors)
  const path = 'spec.sessionAffinityConfig'
  if (sessionAffinity === 'None' && sessionAffinityConfig) {
    errors.forbidden(path, 'must not be set when session affinity is None')
  }
  if (sessionAffinity !== 'ClientIP') return
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (!sessionAffinityConfig) errors.required(path, 'when session affinity type is ClientIP')
  else if (seconds !== undefined && (seconds <= 0 || seconds > affinitySecondsMax)) {
    const detail = `must be greater than 0 and less than ${affinitySecondsMax}`
    errors.invalid(`${path}.clientIP.timeoutSeconds`, seconds, detail)
  }
}

/** Rules of addresses and families by themselves (ValidateServiceClusterIPsRelatedFields). */
export function validateClusterIps(spec: ServiceSpec, errors: FieldErrors): void {
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec
  const path = 'spec.clusterIPs'
  if (clusterIP && clusterIPs.length === 0) errors.required(path)
  else if (clusterIP && clusterIPs[0] !== clusterIP) {
    errors.invalid(path, clusterIPs, 'first value must match `clusterIP`')
  } else if (!clusterIP && clusterIPs.length > 0) {
    errors.invalid(path, clusterIPs, 'must be empty when `clusterIP` is not specified')
  }
  ipFamilies.forEach((family, i) => {
    validateOneOf(family, ['IPv4', 'IPv6'], `spec.ipFamilies[${i}]`, errors)
    if (ipFamilies.indexOf(family) < i) errors.duplicate(`spec.ipFamilies[${i}]`, family)
  })
  if (ipFamilyPolicy !== undefined) {
    validateOneOf(
      ipFamilyPolicy,
      ['PreferDualStack', 'RequireDualStack', 'SingleStack'],
      'spec.ipFamilyPolicy',
      errors,
    )
  }
  validateClusterIpValues(clusterIPs, ipFamilies, errors)
}

function validateClusterIpValues(
  ips: readonly string[],
  families: readonly string[],
  errors: FieldErrors,
): void {
  const path = 'spec.clusterIPs'
  const before = errors.list.length
  if (ips[0] === 'None' && ips.length > 1)
    errors.invalid(path, ips, "'None' must be the first and only value")
  ips.forEach((ip, i) => {
    if (i > 0 || ip !== 'None') validateIp(ip, `${path}[${i}]`, errors)
  })
  const areValid = errors.list.length === before
  if (ips.length > 2) errors.invalid(path, ips, 'may only hold up to 2 values')
  if (!areValid || ips[0] === 'None') return
  if (ips.length > 1 && new Set(ips.map(ipFamily)).size < 2) {
    errors.invalid(path, ips, 'may specify no more than one IP for each IP family')
  }
  ips.forEach((ip, i) => {
    const family = families[i]
    if (family && family !== `IPv${ipFamily(ip)}`) {
      errors.invalid(`${path}[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``)
    }
  })
}

function validateNodePorts({ type, ports = [] }: ServiceSpec, errors: FieldErrors): void {
  const nodePorts = new Set<string>()
  const numbers = new Set<string>()
  ports.forEach(({ nodePort }, i) => {
    if (type === 'ClusterIP' && nodePort) {
      errors.forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'")
    }
  })
  ports.forEach(({ nodePort, protocol }, i) => {
    if (!nodePort) return
    if (nodePorts.has(`${protocol}/${nodePort}`)) errors.duplicate(`spec.ports[${i}].nodePort`, nodePort)
    nodePorts.add(`${protocol}/${nodePort}`)
  })
  ports.forEach(({ port, protocol }, i) => {
    if (numbers.has(`${protocol}/${port}`))
      errors.duplicate(`spec.ports[${i}]`, duplicatePort(port, protocol))
    numbers.add(`${protocol}/${port}`)
  })
}

/** Upstream prints its internal type here, with all its fields. */
function duplicatePort(port: number, protocol = ''): unknown {
  return { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 }
}

function validateLoadBalancer(spec: ServiceSpec, errors: FieldErrors): void {
  const isLoadBalancer = spec.type === 'LoadBalancer'
  const onlyFor = "may only be used when `type` is 'LoadBalancer'"
  const { loadBalancerSourceRanges = [], allocateLoadBalancerNodePorts, loadBalancerClass } = spec
  if (loadBalancerSourceRanges.length > 0 && !isLoadBalancer)
    errors.forbidden('spec.LoadBalancerSourceRanges', onlyFor)
  loadBalancerSourceRanges.forEach((range, i) => {
    validateCidr(range.trim(), `spec.LoadBalancerSourceRanges[${i}]`, errors)
  })
  if (allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer) {
    errors.forbidden('spec.allocateLoadBalancerNodePorts', onlyFor)
  }
  if (loadBalancerClass === undefined) return
  if (!isLoadBalancer) errors.forbidden('spec.loadBalancerClass', onlyFor)
  else invalidFor(errors, 'spec.loadBalancerClass', loadBalancerClass, qualifiedNameErrors(loadBalancerClass))
}

function validateTrafficPolicies(spec: ServiceSpec, errors: FieldErrors): void {
  const {
    externalTrafficPolicy = '',
    healthCheckNodePort = 0,
    internalTrafficPolicy,
    trafficDistribution,
  } = spec
  const path = 'spec.externalTrafficPolicy'
  if (!isExternallyAccessible(spec)) {
    if (externalTrafficPolicy)
      errors.invalid(path, externalTrafficPolicy, 'may only be set for externally-accessible services')
  } else if (!externalTrafficPolicy) errors.required(path)
  else validateOneOf(externalTrafficPolicy, trafficPolicies, path, errors)
  if (!needsHealthCheckPort(spec)) {
    if (healthCheckNodePort) {
      const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
      errors.invalid('spec.healthCheckNodePort', healthCheckNodePort, detail)
    }
  } else if (!healthCheckNodePort) errors.required('spec.healthCheckNodePort')
  else validatePort(healthCheckNodePort, 'spec.healthCheckNodePort', errors)
  if (internalTrafficPolicy !== undefined) {
    validateOneOf(internalTrafficPolicy, trafficPolicies, 'spec.internalTrafficPolicy', errors)
  } else if (['ClusterIP', 'LoadBalancer', 'NodePort'].includes(spec.type ?? '')) {
    errors.required('spec.internalTrafficPolicy')
  }
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution)) {
    errors.notSupported('spec.trafficDistribution', trafficDistribution, distributions)
  }
}
