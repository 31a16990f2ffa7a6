import { type Fields, listOf, numberAt, only, range, refuse, textAt, valueAt } from '../config/fields.ts'
import { strategies } from './resource-scores.ts'

/** A ScoringStrategy of NodeResourcesFitArgs. Throws a sentence that names the field. */
export function checkStrategy(strategy: Fields, path: string): void {
  only(strategy, ['type', 'resources', 'requestedToCapacityRatio'], path)
  const type = textAt(strategy, 'type', 'LeastAllocated')
  if (!Object.hasOwn(strategies, type)) refuse(`${path}type`, `"${type}" is not supported`)
  checkWeights(strategy.resources, `${path}resources`, 100)
  if (type !== 'RequestedToCapacityRatio') return
  const ratio = valueAt(strategy, 'requestedToCapacityRatio')
  checkShape(ratio.shape ?? [], `${path}requestedToCapacityRatio.shape`)
}

function checkShape(shape: unknown, path: string): void {
  const points = listOf(shape, path)
  if (points.length === 0) refuse(path, 'at least one point must be specified')
  let last = -1
  for (const [index, point] of points.entries()) {
    const at = `${path}[${index}].`
    range(point, 'utilization', { least: 0, most: 100, fallback: -1 }, at)
    range(point, 'score', { least: 0, most: 10, fallback: -1 }, at)
    const utilization = numberAt(point, 'utilization', 0)
    if (utilization <= last)
      refuse(`${at}utilization`, 'utilization values must be sorted in increasing order')
    last = utilization
  }
}

/** Weights of resources, from 1 to `most`. */
export function checkWeights(value: unknown, path: string, most: number): void {
  if (value === undefined) return
  for (const [index, entry] of listOf(value, path).entries()) {
    if (!textAt(entry, 'name', '')) refuse(`${path}[${index}].name`, 'can not be empty')
    range(entry, 'weight', { least: 1, most, fallback: 1 }, `${path}[${index}].`)
  }
}
