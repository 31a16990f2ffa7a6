/** What can be asked of a node with GET alone; one line per path. */
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { metricsContentType } from '../../std/metrics-text.ts'
import { tellNodeState } from '../metrics/node-state.ts'
import { cadvisorFamilies } from '../stats/cadvisor-metrics.ts'
import { resourceFamilies } from '../stats/resource-metrics.ts'
import { renderSamples, type SampleFamily } from '../stats/samples.ts'
import { statsSummary } from '../stats/summary.ts'
import { type ApiAnswer, jsonAnswer, textAnswer } from './answer.ts'
import { kubeletConfiguration } from './configz.ts'
import type { ApiSources } from './sources.ts'

type Read = (api: ApiSources, query: URLSearchParams) => ApiAnswer | Promise<ApiAnswer>

const checks = ['ping', 'log', 'syncloop']

export const reads: Readonly<Record<string, Read>> = {
  '/healthz': (_, query) => textAnswer(query.has('verbose') ? verboseHealth() : 'ok'),
  ...Object.fromEntries(checks.map(name => [`/healthz/${name}`, () => textAnswer('ok')])),
  '/pods': ({ options }) =>
    podList(
      options
        .workers()
        .list()
        .map(({ pod }) => pod),
    ),
  '/runningpods': async api => podList(await runningPods(api)),
  '/configz': ({ options }) => jsonAnswer({ kubeletconfig: kubeletConfiguration(options.config) }),
  '/stats/summary': async ({ options, snapshot }, query) =>
    jsonAnswer(
      statsSummary(options.config.nodeName, await snapshot(), query.get('only_cpu_and_memory') === 'true'),
    ),
  '/metrics': async ({ options }) => {
    await tellNodeState(options.ports.metrics, options)
    return textAnswer(options.ports.metrics.text(), metricsContentType)
  },
  '/metrics/resource': async ({ snapshot }) => metrics(resourceFamilies(await snapshot())),
  '/metrics/cadvisor': async ({ snapshot, options }) =>
    metrics(cadvisorFamilies(await snapshot(), await options.machine.facts())),
  '/metrics/probes': ({ options }) => textAnswer(options.probeMetrics.text(), metricsContentType),
}

function metrics(families: readonly SampleFamily[]): ApiAnswer {
  return textAnswer(renderSamples(families), metricsContentType)
}

function verboseHealth(): string {
  return `${checks.map(name => `[+]${name} ok\n`).join('')}healthz check passed\n`
}

function podList(items: readonly Pod[]): ApiAnswer {
  return jsonAnswer({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items })
}

/** As the engine knows them, with no more than it knows. */
async function runningPods({ options }: ApiSources): Promise<Pod[]> {
  const { containers } = await options.runtime.containers.list()
  const running = containers.filter(({ state }) => state === 'running')
  return [...Map.groupBy(running, ({ pod }) => pod.uid).values()].map(members => {
    const { uid, name, namespace } = members[0]!.pod
    return {
      metadata: { uid, name, namespace },
      spec: { containers: members.map(member => ({ name: member.name, image: member.image })) },
      status: {},
    }
  })
}
