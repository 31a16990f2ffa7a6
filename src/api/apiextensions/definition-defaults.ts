import type { CustomResourceDefinition } from '../types/apiextensions-v1.gen.ts'

const webhookPort = 443

/** SetDefaults_CustomResourceDefinition: names that follow from the kind, conversion None, the stored version. */
export function setDefinitionDefaults({ spec, status }: CustomResourceDefinition): void {
  if (!spec) return
  const { names } = spec
  if (names) {
    names.singular ||= (names.kind ?? '').toLowerCase()
    if (names.kind) names.listKind ||= `${names.kind}List`
  }
  spec.conversion ??= { strategy: 'None' }
  const service = spec.conversion.webhook?.clientConfig?.service
  if (service) service.port ??= webhookPort
  if (!status || status.storedVersions?.length) return
  status.storedVersions = (spec.versions ?? [])
    .filter(({ storage }) => storage)
    .map(({ name }) => name)
    .slice(0, 1)
}
