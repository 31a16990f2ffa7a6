import {
  DocumentError,
  type DocumentKind,
  readDocument,
  readFields,
} from '../../../machinery/config/document.ts'
import { pluginNameFault } from '../choice.ts'
import { type EventLimit, readEventLimits } from '../optional/event-rate-limit.ts'
import { type ImagePolicySettings, readImagePolicy } from '../optional/image-policy.ts'
import { readTolerationSettings, type TolerationSettings } from '../optional/pod-tolerations.ts'
import { readNodeSelectors } from '../optional/pods.ts'
import { type PodSecuritySettings, readPodSecurity } from '../pod-security/settings.ts'
import { type LimitedResource, readLimitedResources } from '../quota/limited.ts'

/** What the file of `--admission-control-config-file` says to each plugin that can be told something. */
export interface PluginSettings {
  readonly EventRateLimit?: readonly EventLimit[]
  readonly ImagePolicyWebhook?: ImagePolicySettings
  /** The kubeconfig whose users are shown to webhooks. */
  readonly MutatingAdmissionWebhook?: string
  readonly ValidatingAdmissionWebhook?: string
  readonly PodNodeSelector?: Readonly<Record<string, string>>
  readonly PodSecurity?: PodSecuritySettings
  readonly PodTolerationRestriction?: TolerationSettings
  readonly ResourceQuota?: readonly LimitedResource[]
}

type Readers = {
  readonly [Name in keyof PluginSettings]-?: (text: string) => NonNullable<PluginSettings[Name]>
}

const readers: Readers = {
  EventRateLimit: readEventLimits,
  ImagePolicyWebhook: readImagePolicy,
  MutatingAdmissionWebhook: readWebhookAdmission,
  ValidatingAdmissionWebhook: readWebhookAdmission,
  PodNodeSelector: readNodeSelectors,
  PodSecurity: readPodSecurity,
  PodTolerationRestriction: readTolerationSettings,
  ResourceQuota: readLimitedResources,
}

const documentKind: DocumentKind = {
  kind: 'AdmissionConfiguration',
  apiVersions: ['apiserver.config.k8s.io/v1', 'apiserver.k8s.io/v1alpha1'],
  fields: { plugins: [{ fields: { name: 'string', path: 'string', configuration: 'embedded' } }] },
}

interface AdmissionDocument {
  readonly plugins?: readonly {
    readonly name?: string
    readonly path?: string
    readonly configuration?: object
  }[]
}

/**
 * Reads an AdmissionConfiguration (apiserver pkg/admission/config.go). `readFile` is asked for the files that it
 * names; the first entry of a plugin counts, and a plugin that has no settings overlooks its own. A plugin that there is
 * none of is refused, where upstream overlooks it. Throws `DocumentError`.
 */
export function readPluginSettings(text: string, readFile: (path: string) => string): PluginSettings {
  const settings: Record<string, unknown> = {}
  for (const { name = '', path, configuration } of entriesOf(text)) {
    const unknown = pluginNameFault(name)
    if (unknown) throw new DocumentError(unknown)
    if (!Object.hasOwn(readers, name)) continue
    if (name in settings || (!configuration && !path)) continue
    const own = configuration ? JSON.stringify(configuration) : readFile(path!)
    try {
      settings[name] = readers[name as keyof Readers](own)
    } catch (error) {
      throw new DocumentError(`couldn't init admission plugin "${name}": ${(error as Error).message}`, {
        cause: error,
      })
    }
  }
  return settings
}

/** Two plugins are older than the kind: a file of theirs is taken as it is. */
const legacy = { imagePolicy: 'ImagePolicyWebhook', podNodeSelectorPluginConfig: 'PodNodeSelector' } as const

function entriesOf(text: string): NonNullable<AdmissionDocument['plugins']> {
  for (const [field, name] of Object.entries(legacy)) {
    const found = legacyPart(text, field)
    if (found) return [{ name, configuration: { [field]: found } }]
  }
  return readDocument<AdmissionDocument>(text, documentKind).plugins ?? []
}

function legacyPart(text: string, field: string): object | undefined {
  try {
    return readFields<Record<string, object>>(text, { [field]: 'embedded' })[field]
  } catch (error) {
    if (error instanceof DocumentError) return undefined
    throw error
  }
}

/** A plugin that cannot run without settings, in upstream's words; undefined when nothing is missing. */
export function missingSettings(enabled: readonly string[], settings: PluginSettings): string | undefined {
  const without = (name: keyof PluginSettings) => enabled.includes(name) && settings[name] === undefined
  if (without('EventRateLimit'))
    return `couldn't init admission plugin "EventRateLimit": limits: Invalid value: null: must not be empty`
  if (without('ImagePolicyWebhook'))
    return `couldn't init admission plugin "ImagePolicyWebhook": no config specified`
  return undefined
}

const webhookFields: DocumentKind['fields'] = { kubeConfigFile: 'string' }
const group = 'apiserver.config.k8s.io'

/** apiserver pkg/admission/plugin/webhook/config: the place of a kubeconfig. */
function readWebhookAdmission(text: string): string {
  const { kubeConfigFile = '' } = readDocument<{ readonly kubeConfigFile?: string }>(
    text,
    { kind: 'WebhookAdmissionConfiguration', apiVersions: [`${group}/v1`], fields: webhookFields },
    { kind: 'WebhookAdmission', apiVersions: [`${group}/v1alpha1`], fields: webhookFields },
  )
  if (kubeConfigFile.startsWith('/')) return kubeConfigFile
  throw new DocumentError(
    `kubeConfigFile: Invalid value: ${JSON.stringify(kubeConfigFile)}: must be an absolute file path`,
  )
}
