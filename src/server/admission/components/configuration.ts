/** Files that say when an admission component is asked: webhook configurations whose target is a file (admissionregistration.k8s.io/v1). */
import { mutatingWebhookConfigurations } from '../../../api/admissionregistration/mutating-webhook-configuration.ts'
import { validatingWebhookConfigurations } from '../../../api/admissionregistration/validating-webhook-configuration.ts'
import type { Resource } from '../../../api/define.ts'
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import { validateForCreate } from '../../../api/validate-object.ts'
import { DecodeError, decodeJson, decodeYaml, strictErrorMessage } from '../../../machinery/codec/index.ts'
import { isMap } from '../../../machinery/meta/json.ts'
import { applySchemaDefaults } from '../../../machinery/schema/defaults.ts'

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration

export type ComponentConfiguration =
  | { readonly mutating: MutatingWebhookConfiguration }
  | { readonly validating: ValidatingWebhookConfiguration }

const scheme = 'component:'

/** The file in the plugins' folder that a webhook's target names as `component:FILE.wasm`; undefined for another target. */
export function componentFile(url: string | undefined): string | undefined {
  const file = url?.startsWith(scheme) ? url.slice(scheme.length) : ''
  return /^[\w][\w.-]*\.wasm$/.test(file) ? file : undefined
}

/** The files that a configuration asks. */
export function componentFilesOf(configuration: ComponentConfiguration): readonly string[] {
  const { webhooks = [] } = 'mutating' in configuration ? configuration.mutating : configuration.validating
  return webhooks.map(({ clientConfig }) => componentFile(clientConfig.url)!)
}

/** Reads one such file, in YAML or JSON, with upstream's defaults and rules. Throws Error with what is wrong. */
export function readComponentConfiguration(text: string): ComponentConfiguration {
  const { json, strictErrors: duplicates } = decodeYaml(text, { strict: true })
  const raw: unknown = JSON.parse(json)
  const { apiVersion, kind } = isMap(raw) ? raw : {}
  if (apiVersion === 'admissionregistration.k8s.io/v1') {
    if (kind === 'MutatingWebhookConfiguration')
      return { mutating: read(mutatingWebhookConfigurations, json, duplicates) }
    if (kind === 'ValidatingWebhookConfiguration')
      return { validating: read(validatingWebhookConfigurations, json, duplicates) }
  }
  throw new Error(
    'it is neither a MutatingWebhookConfiguration nor a ValidatingWebhookConfiguration of admissionregistration.k8s.io/v1',
  )
}

function read<T extends Configuration>(
  resource: Resource<T>,
  json: string,
  duplicates: readonly string[],
): T {
  const { object, strictErrors } = decodeJson(resource.schema, json, { strict: true })
  const faults = [...duplicates, ...strictErrors]
  if (faults.length > 0) throw new DecodeError(strictErrorMessage(faults))
  const configuration = object as unknown as T
  applySchemaDefaults(resource.schema, object)
  resource.strategy.setDefaults?.(configuration)
  for (const { name, clientConfig } of configuration.webhooks ?? [])
    if (!componentFile(clientConfig?.url))
      throw new Error(`clientConfig.url of webhook ${JSON.stringify(name)} is not component:FILE.wasm`)
  const errors = validateForCreate(resource, withOrdinaryTargets(configuration))
  if (errors.length > 0)
    throw new Error(errors.map(({ field, message }) => `${field}: ${message}`).join('; '))
  return configuration
}

/** The target alone is unlike that of a webhook. */
function withOrdinaryTargets<T extends Configuration>(configuration: T): T {
  const webhooks = configuration.webhooks?.map(webhook => ({
    ...webhook,
    clientConfig: { url: 'https://component.invalid/' },
  }))
  return { ...configuration, ...(webhooks && { webhooks }) }
}
