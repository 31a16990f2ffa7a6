import type { NodeReading, Point } from './point.ts'

type Draft = { -readonly [Key in keyof Point]?: Point[Key] }

const ofNode: Readonly<Record<string, Exclude<keyof Point, 'atMs'>>> = {
  node_cpu_usage_seconds_total: 'cpuSeconds',
  node_memory_working_set_bytes: 'memoryBytes',
}
const ofContainer: Readonly<Record<string, Exclude<keyof Point, 'atMs'>>> = {
  container_cpu_usage_seconds_total: 'cpuSeconds',
  container_memory_working_set_bytes: 'memoryBytes',
  container_start_time_seconds: 'startMs',
}

/**
 * Reads a kubelet's `/metrics/resource` (Prometheus' text format). What lacks its CPU or its memory is left out; a
 * sample without a time was taken at `nowMs`.
 */
export function parseReading(text: string, nowMs: number): NodeReading {
  const node: Draft = {}
  const drafts = new Map<string, Map<string, Draft>>()
  for (const line of text.split('\n')) {
    const found = /^(\w+)(?:\{(.*)\})? (\S+)(?: (\d+))?\s*$/.exec(line)
    if (!found) continue
    const [, name = '', labels = '', value = '', time] = found
    const field = ofContainer[name]
    const draft = ofNode[name] ? node : field && draftOf(drafts, labels)
    if (draft) put(draft, ofNode[name] ?? field!, Number(value), time === undefined ? nowMs : Number(time))
  }
  const pods = [...drafts].map(([pod, containers]) => [pod, finished(containers)] as const)
  const whole = toPoint(node)
  return { ...(whole && { node: whole }), pods: new Map(pods) }
}

function draftOf(drafts: Map<string, Map<string, Draft>>, labels: string): Draft | undefined {
  const read = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1]
  const container = read('container')
  if (!container) return undefined
  const pod = `${read('namespace')}/${read('pod')}`
  const containers = drafts.get(pod) ?? new Map<string, Draft>()
  drafts.set(pod, containers)
  const draft = containers.get(container) ?? {}
  containers.set(container, draft)
  return draft
}

function put(draft: Draft, field: Exclude<keyof Point, 'atMs'>, value: number, atMs: number): void {
  if (!Number.isFinite(value)) return
  draft[field] = field === 'startMs' ? value * 1000 : value
  // The time that rates are made of.
  if (field === 'cpuSeconds') draft.atMs = atMs
}

function finished(containers: ReadonlyMap<string, Draft>): Map<string, Point> {
  const points = new Map<string, Point>()
  for (const [name, draft] of containers) {
    const point = toPoint(draft)
    if (point) points.set(name, point)
  }
  return points
}

function toPoint({ cpuSeconds, memoryBytes, atMs, startMs }: Draft): Point | undefined {
  if (cpuSeconds === undefined || memoryBytes === undefined || atMs === undefined) return undefined
  return { cpuSeconds, memoryBytes, atMs, ...(startMs !== undefined && { startMs }) }
}
