/** What may be consumed only where a quota covers it (apiserver pkg/admission/plugin/resourcequota, limitedResources). */
import type { Usage } from '../../../api/shared/quota/evaluator.ts'
import { matchesScope, scopesOf } from '../../../api/shared/quota/evaluators.ts'
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../../api/types/core-v1.gen.ts'
import { DocumentError, type DocumentKind, readDocument } from '../../../machinery/config/document.ts'
import { compareQuantity, zeroQuantity } from '../../../machinery/quantity/index.ts'
import { plainFailure } from '../../../machinery/status/errors.ts'
import { aggregateText } from '../../authz/rbac.ts'
import type { AdmissionRequest } from '../../context.ts'
import { refusal } from '../refusal.ts'

export interface LimitedResource {
  readonly apiGroup?: string
  readonly resource?: string
  /** Names of what is counted, or parts of them: `persistentvolumeclaims`, `.storageclass.storage.k8s.io/`. */
  readonly matchContains?: readonly string[]
  readonly matchScopes?: readonly ScopedResourceSelectorRequirement[]
}

const fields: DocumentKind['fields'] = {
  limitedResources: [
    {
      fields: {
        apiGroup: 'string',
        resource: 'string',
        matchContains: ['string'],
        matchScopes: [{ fields: { scopeName: 'string', operator: 'string', values: ['string'] } }],
      },
    },
  ],
}
const olderGroup = 'resourcequota.admission.k8s.io'
const documentKinds: readonly DocumentKind[] = [
  { kind: 'ResourceQuotaConfiguration', apiVersions: ['apiserver.config.k8s.io/v1'], fields },
  { kind: 'Configuration', apiVersions: [`${olderGroup}/v1beta1`, `${olderGroup}/v1alpha1`], fields },
]

/** Reads and checks the plugin's configuration. Throws `DocumentError`. */
export function readLimitedResources(text: string): readonly LimitedResource[] {
  const { limitedResources = [] } = readDocument<{ readonly limitedResources?: readonly LimitedResource[] }>(
    text,
    ...documentKinds,
  )
  const missing = limitedResources.flatMap(({ resource }, index) =>
    resource ? [] : [`limitedResources[${index}].resource: Required value`],
  )
  if (missing.length > 0) throw new DocumentError(aggregateText(missing))
  return limitedResources
}

export interface Consumption {
  readonly usage: Usage
  /** All quotas of the namespace, and the names that those which are for this object count. */
  readonly quotas: readonly ResourceQuota[]
  readonly covered: ReadonlySet<string>
}

/** Throws unless each limited thing that the request consumes is covered by a quota. */
export function requireCovered(
  request: AdmissionRequest,
  limited: readonly LimitedResource[],
  { usage, quotas, covered }: Consumption,
): void {
  const { group, plural } = request.resource
  const names = limited
    .filter(({ apiGroup = '', resource }) => apiGroup === group && resource === plural)
    .flatMap(({ matchContains = [] }) =>
      Object.keys(usage).filter(
        name =>
          compareQuantity(usage[name]!, zeroQuantity) > 0 && matchContains.some(part => name.includes(part)),
      ),
    )
  const uncovered = [...new Set(names)].filter(name => !covered.has(name)).sort()
  if (uncovered.length > 0) throw refusal(request, `insufficient quota to consume: ${uncovered.join(',')}`)
  requireScopes(request, limited, quotas)
}

function requireScopes(
  { resource, object }: AdmissionRequest,
  limited: readonly LimitedResource[],
  quotas: readonly ResourceQuota[],
): void {
  const matches = (selector: ScopedResourceSelectorRequirement) => matchesScope(selector, resource, object!)
  // Of every entry, whatever resource it names: which scopes there are is the evaluator's to say.
  const asked = limited.flatMap(({ matchScopes = [] }) => matchScopes).filter(matches)
  const covering = new Set(
    quotas
      .flatMap(scopesOf)
      .filter(matches)
      .map(({ scopeName }) => scopeName),
  )
  const uncovered = asked.filter(({ scopeName }) => !covering.has(scopeName))
  if (uncovered.length === 0) return
  const shown = uncovered.map(
    ({ scopeName, operator, values = [] }) => `{${scopeName} ${operator} [${values.join(' ')}]}`,
  )
  throw plainFailure(`insufficient quota to match these scopes: [${shown.join(' ')}]`)
}
