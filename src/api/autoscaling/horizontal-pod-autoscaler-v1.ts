import type { KubeObject } from '../../machinery/meta/object.ts'
import { defineResource } from '../define-resource.ts'
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec } from '../types/autoscaling-v1.gen.ts'
import type { HorizontalPodAutoscaler as AutoscalerV2 } from '../types/autoscaling-v2.gen.ts'
import {
  carrierAnnotations,
  fromV2,
  keepCarriers,
  settleV1,
  specCarriers,
  statusCarriers,
  toV2,
} from './autoscaler-conversion.ts'
import { validateAutoscaler, validateAutoscalerStatus } from './autoscaler-validation.ts'
import { autoscalerCells, setAutoscalerDefaults } from './horizontal-pod-autoscaler.ts'

const asV2 =
  <R>(cell: (object: AutoscalerV2) => R) =>
  (object: HorizontalPodAutoscaler) =>
    cell(toV2(object))

/** The first version of autoscalers: CPU alone in the spec, the rest in annotations. Stored as v2. */
export const horizontalPodAutoscalersV1 = defineResource<HorizontalPodAutoscaler>(
  'autoscaling/v1',
  'HorizontalPodAutoscaler',
  {
    strategy: {
      setDefaults(object) {
        object.spec ??= {} as HorizontalPodAutoscalerSpec
        object.spec.minReplicas ??= 1
        settleV1(object)
      },
      prepareForCreate: object => keepCarriers(statusCarriers, object),
      prepareForUpdate: (object, old) => keepCarriers(statusCarriers, object, old),
      validate: (object, errors) => validateAutoscaler(toV2(object), errors),
      validatesOnceOnly: true,
      validateUpdate: (object, old, errors) => validateAutoscaler(toV2(object), errors, toV2(old)),
    },
    subresources: {
      status: {
        strategy: {
          validate: validateAutoscalerStatus,
          prepareForUpdate: (object, old) => keepCarriers(specCarriers, object, old),
        },
      },
    },
    formAnnotations: carrierAnnotations,
    initialStatus: () => ({ currentReplicas: 0, desiredReplicas: 0 }),
    conversion: {
      // Upstream defaults what it reads from its store.
      toStorage(object: KubeObject) {
        const stored = toV2(object as HorizontalPodAutoscaler)
        setAutoscalerDefaults(stored)
        return stored
      },
      fromStorage: (object: KubeObject) => fromV2(object as AutoscalerV2),
    },
    cells: Object.fromEntries(
      Object.entries(autoscalerCells).map(([name, cell]) => [name, asV2<unknown>(cell)]),
    ),
  },
)
