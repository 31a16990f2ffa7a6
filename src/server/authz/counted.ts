import type { MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Authorizer, Decision } from '../context.ts'

/** Counts the decisions that end the search (apiserver pkg/authorization/metrics). */
const decisionTotal: MetricSpec = {
  name: 'apiserver_authorization_decisions_total',
  help: 'Decisions of each authorizer; having no opinion is none.',
  labels: ['type', 'name', 'decision'],
  stability: 'ALPHA',
}

/** The same authorizer, its decisions counted under its type and name. */
export function counted(authorize: Authorizer, metrics: Metrics, type: string, name: string): Authorizer {
  const total = metrics.counter(decisionTotal)
  const series = { allow: total.with(type, name, 'allowed'), deny: total.with(type, name, 'denied') }
  const count = (decision: Decision) => {
    if (decision.decision !== 'noOpinion') series[decision.decision].inc()
    return decision
  }
  return attributes => {
    const answer = authorize(attributes)
    return answer instanceof Promise ? answer.then(count) : count(answer)
  }
}
