import type { HistogramSpec, MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'
import { type PostReview, ReviewError } from './ask-again.ts'

const stability = 'ALPHA'
const name = (rest: string) => `apiserver_authorization_${rest}`
const ofWebhook = (rest: string, help: string): MetricSpec => ({
  ...{ name: name(`webhook_${rest}`), help, stability, labels: ['name', 'result'] },
})
const ofConditions = (rest: string, help: string): MetricSpec => ({
  ...{ name: name(`match_condition_${rest}`), help, stability, labels: ['type', 'name'] },
})
const askedTotal = ofWebhook('evaluations_total', 'Questions to webhooks that authorize, by how they ended.')
const openTotal = ofWebhook('evaluations_fail_open_total', 'Questions that went on to others unanswered.')
const askedSeconds: HistogramSpec = {
  ...ofWebhook('duration_seconds', 'Seconds that webhooks that authorize took.'),
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
}
const errorTotal = ofConditions('evaluation_errors_total', 'Match conditions that could not be evaluated.')
const exclusionTotal = ofConditions(
  'exclusions_total',
  'Questions that match conditions kept from a webhook.',
)
const matchSeconds: HistogramSpec = {
  ...ofConditions('evaluation_seconds', 'Seconds that match conditions took.'),
  buckets: [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
}

/** What the API server tells of one authorizing webhook (apiserver plugin/pkg/authorizer/webhook/metrics). */
export function webhookMeter({
  name: webhook,
  metrics,
  clock,
}: {
  readonly name: string
  readonly metrics: Metrics
  readonly clock: Pick<Clock, 'monotonicMs'>
}) {
  const [asked, open] = [metrics.counter(askedTotal), metrics.counter(openTotal)]
  const took = metrics.histogram(askedSeconds)
  const secondsSince = (startMs: number) => (clock.monotonicMs() - startMs) / 1000
  return {
    /** Each try is told. */
    asking:
      (post: PostReview): PostReview =>
      async (review, timeoutMs) => {
        const startMs = clock.monotonicMs()
        const tell = (result: string) => {
          asked.with(webhook, result).inc()
          took.with(webhook, result).observe(secondsSince(startMs))
        }
        try {
          const answer = await post(review, timeoutMs)
          tell('success')
          return answer
        } catch (error) {
          tell(resultOf(error))
          throw error
        }
      },
    failedOpen: (error: unknown) => open.with(webhook, resultOf(error)).inc(),
    /** Whether conditions hold; throws what they throw. */
    matching(evaluate: () => boolean): boolean {
      const startMs = clock.monotonicMs()
      try {
        const isMatch = evaluate()
        if (!isMatch) metrics.counter(exclusionTotal).with('Webhook', webhook).inc()
        return isMatch
      } catch (error) {
        metrics.counter(errorTotal).with('Webhook', webhook).inc()
        throw error
      } finally {
        metrics.histogram(matchSeconds).with('Webhook', webhook).observe(secondsSince(startMs))
      }
    },
  }
}

function resultOf(error: unknown): 'timeout' | 'error' {
  const cause = error instanceof ReviewError ? error.cause : undefined
  return (cause as Error | undefined)?.name === 'TimeoutError' ? 'timeout' : 'error'
}
