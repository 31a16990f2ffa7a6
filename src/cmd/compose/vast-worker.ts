/** Runs in a Worker: what the rules of built-in kinds say of objects with items by the ten thousand. */
import { builtinResources } from '../../api/builtin.ts'
import type { SwitchedGate } from '../../api/features/gates.ts'
import { putInForce } from '../../api/features/in-force.ts'
import { decodeJson } from '../../machinery/codec/index.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { FieldError } from '../../machinery/validation/field-error.ts'
import { collectFaults } from '../../machinery/validation/field-errors.ts'
import { applyDefaults } from '../../server/rest/body.ts'
import type { VastQuestion } from '../../server/rest/vast-judge.ts'

export interface VastWork extends VastQuestion {
  readonly id: number
  /** Those that are on. */
  readonly gates: readonly SwitchedGate[]
}

export interface VastVerdict {
  readonly id: number
  readonly faults: readonly FieldError[]
}

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<VastWork>) =>
  self.postMessage({ id: data.id, faults: faultsOf(data) } satisfies VastVerdict)

function faultsOf({
  gates,
  group,
  version,
  plural,
  json,
  labels,
  ...context
}: VastWork): readonly FieldError[] {
  putInForce({ enabled: gate => gates.includes(gate) })
  const resource = builtinResources.find(
    each => each.group === group && each.version === version && each.plural === plural,
  )!
  const { strategy, schema } = resource
  const object = decodeJson(schema, json.join('')).object as unknown as KubeObject
  applyDefaults(resource, object)
  strategy.prepareForCreate?.(object, context)
  return collectFaults(errors => {
    strategy.validateInNamespace?.(object, undefined, labels, errors)
    strategy.validate?.(object, errors)
  })
}
