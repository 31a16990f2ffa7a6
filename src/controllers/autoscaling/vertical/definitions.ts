import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  JSONSchemaProps,
} from '../../../api/types/apiextensions-v1.gen.ts'

/** The facts of upstream's published definitions (its deploy/vpa-v1-crd-gen.yaml, release 1.8.1), without their prose. */

type Schemas = Readonly<Record<string, JSONSchemaProps>>

const text: JSONSchemaProps = { type: 'string' }
const texts: JSONSchemaProps = { type: 'array', items: text }
const time: JSONSchemaProps = { type: 'string', format: 'date-time' }
const timeOrNull: JSONSchemaProps = { ...time, nullable: true }
const int32: JSONSchemaProps = { type: 'integer', format: 'int32' }
const int64: JSONSchemaProps = { type: 'integer', format: 'int64' }
const oneOf = (...values: readonly string[]) =>
  ({ type: 'string', enum: [...values] }) as unknown as JSONSchemaProps
const list = (items: JSONSchemaProps): JSONSchemaProps => ({ type: 'array', items })
const object = (properties: Schemas, ...required: readonly string[]): JSONSchemaProps => ({
  ...{ type: 'object', properties },
  ...(required.length > 0 && { required: [...required] }),
})

const digits = String.raw`(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))`
const quantity: JSONSchemaProps = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: String.raw`^(\+|-)?${digits}(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?${digits}))?$`,
  'x-kubernetes-int-or-string': true,
}
const amounts: JSONSchemaProps = { type: 'object', additionalProperties: quantity }

const boostOf = (type: string, field: string) => ({
  rule: `(self.type == '${type}') == has(self.${field})`,
  message: `${field} is required when type is ${type} and forbidden otherwise`,
})
const startupBoost = object({
  cpu: {
    ...object({ durationSeconds: int32, factor: int32, quantity, type: oneOf('Factor', 'Quantity') }, 'type'),
    'x-kubernetes-validations': [boostOf('Factor', 'factor'), boostOf('Quantity', 'quantity')],
  },
})

const containerPolicy = object({
  containerName: text,
  controlledResources: texts,
  controlledValues: oneOf('RequestsAndLimits', 'RequestsOnly'),
  ...{ maxAllowed: amounts, minAllowed: amounts },
  memoryAggregationIntervalCount: { ...int64, minimum: 1 },
  memoryAggregationIntervalSeconds: { ...int32, minimum: 1 },
  mode: oneOf('Auto', 'Off'),
  ...{ oomBumpUpRatio: quantity, oomMinBumpUp: quantity, startupBoost },
})
const evictionRequirement = object(
  { changeRequirement: oneOf('TargetHigherThanRequests', 'TargetLowerThanRequests'), resources: texts },
  'changeRequirement',
  'resources',
)
const updatePolicy = object({
  evictAfterOOMSeconds: { ...int32, minimum: 1 },
  evictionRequirements: list(evictionRequirement),
  minReplicas: int32,
  updateMode: oneOf('Off', 'Initial', 'Recreate', 'InPlaceOrRecreate', 'InPlace', 'Auto'),
})
const autoscalerSpec = object(
  {
    recommenders: list(object({ name: text }, 'name')),
    resourcePolicy: object({ containerPolicies: list(containerPolicy) }),
    startupBoost,
    targetRef: {
      ...object({ apiVersion: text, kind: text, name: text }, 'kind', 'name'),
      'x-kubernetes-map-type': 'atomic',
    },
    updatePolicy,
  },
  'targetRef',
)
const condition = object(
  {
    ...{ lastTransitionTime: time, message: text, observedGeneration: { ...int64, minimum: 0 } },
    ...{ reason: text, status: text, type: text },
  },
  'status',
  'type',
)
const containerRecommendation = object(
  {
    containerName: text,
    ...{ lowerBound: amounts, target: amounts, uncappedTarget: amounts, upperBound: amounts },
  },
  'target',
)
const autoscalerStatus = object({
  conditions: list(condition),
  observedGeneration: { ...int64, minimum: 0 },
  recommendation: object({ containerRecommendations: list(containerRecommendation) }),
})

const histogram = object({
  bucketWeights: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  referenceTimestamp: timeOrNull,
  totalWeight: { type: 'number' },
})
const checkpointStatus = object({
  ...{ cpuHistogram: histogram, memoryHistogram: histogram },
  ...{ firstSampleStart: timeOrNull, lastSampleStart: timeOrNull, lastUpdateTime: timeOrNull },
  ...{ totalSamplesCount: { type: 'integer' }, version: text },
})

const column = (
  name: string,
  jsonPath: string,
  type = 'string',
  priority = 0,
): CustomResourceColumnDefinition => ({ name, type, jsonPath, ...(priority && { priority }) })
const recommended = '.status.recommendation.containerRecommendations[0].target'

const group = 'autoscaling.k8s.io'

interface Definition {
  readonly kind: string
  readonly shortName: string
  readonly schema: JSONSchemaProps
  readonly columns?: readonly CustomResourceColumnDefinition[]
  readonly hasStatus?: true
}

function define({ kind, shortName, schema, columns, hasStatus }: Definition): CustomResourceDefinition {
  const [singular, plural] = [kind.toLowerCase(), `${kind.toLowerCase()}s`]
  return {
    metadata: {
      name: `${plural}.${group}`,
      annotations: {
        'api-approved.kubernetes.io': 'https://github.com/kubernetes/kubernetes/pull/63797',
      },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName] },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
          ...(columns && { additionalPrinterColumns: [...columns] }),
          ...(hasStatus && { subresources: { status: {} } }),
        },
      ],
    },
  }
}

const withMeta = (parts: Schemas, ...required: readonly string[]) =>
  object({ apiVersion: text, kind: text, metadata: { type: 'object' }, ...parts }, ...required)

/** Both kinds, in the one version that upstream serves. */
export const verticalDefinitions: readonly CustomResourceDefinition[] = [
  define({
    kind: 'VerticalPodAutoscalerCheckpoint',
    shortName: 'vpacheckpoint',
    schema: withMeta({
      spec: object({ containerName: text, vpaObjectName: text }),
      status: checkpointStatus,
    }),
  }),
  define({
    kind: 'VerticalPodAutoscaler',
    shortName: 'vpa',
    hasStatus: true,
    schema: withMeta({ spec: autoscalerSpec, status: autoscalerStatus }, 'spec'),
    columns: [
      column('Mode', '.spec.updatePolicy.updateMode'),
      column('CPU', `${recommended}.cpu`),
      column('Mem', `${recommended}.memory`),
      column('Provided', ".status.conditions[?(@.type=='RecommendationProvided')].status"),
      column('Age', '.metadata.creationTimestamp', 'date'),
      column('MinReplicas', '.spec.updatePolicy.minReplicas', 'integer', 1),
      column('OOMSeconds', '.spec.updatePolicy.evictAfterOOMSeconds', 'integer', 1),
    ],
  }),
]
