import { quantityOf } from '../../../machinery/quantity/index.ts'
import type { Service } from '../../types/core-v1.gen.ts'
import { type Evaluator, one, type Usage } from './evaluator.ts'

const names: readonly string[] = ['services', 'services.loadbalancers', 'services.nodeports']

/** Services, those that want a load balancer, and node ports (evaluator/core services.go). */
export const serviceEvaluator: Evaluator = {
  charges: name => names.includes(name),
  usage: object => serviceUsage(object as Service),
  grows: subresource => subresource === '',
}

function serviceUsage({ spec }: Service): Usage {
  const ports = spec?.ports ?? []
  const balanced = spec?.type === 'LoadBalancer'
  const explicit = balanced && spec.allocateLoadBalancerNodePorts === false
  const nodePorts = explicit ? ports.filter(port => port.nodePort) : ports
  const exposed = balanced || spec?.type === 'NodePort'
  return {
    services: one,
    'services.loadbalancers': quantityOf(balanced ? 1 : 0),
    'services.nodeports': quantityOf(exposed ? nodePorts.length : 0),
  }
}
