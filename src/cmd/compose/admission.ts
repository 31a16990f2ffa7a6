import { verticalPodAutoscaler } from '../../controllers/autoscaling/vertical/index.ts'
import type { AdmissionChoice } from '../../server/admission/choice.ts'
import {
  missingSettings,
  type PluginSettings,
  readPluginSettings,
} from '../../server/admission/configuration/settings.ts'
import type { AdmissionOptions } from '../../server/admission/index.ts'
import type { TolerationSeconds } from '../../server/admission/tolerations.ts'
import { credentialsByHost } from '../../server/remote-review/kubeconfig.ts'
import type { Ports } from '../../std/ports.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { openAdmissionComponents } from './admission-components.ts'
import { readBeside, readConfigured, usable } from './configured-file.ts'
import { controllerTuning } from './controller-tuning.ts'
import { chosenFeatures } from './features.ts'
import { connectReviews } from './remote-reviews.ts'

const flag = 'admission-control-config-file'

/** What the admission flags say. */
export interface AdmissionSource {
  readonly choice: AdmissionChoice
  readonly configFile: string | undefined
  /** Of WASM components. */
  readonly componentDirectory: string | undefined
  readonly tolerationSeconds: TolerationSeconds
  readonly scalesVertically: boolean
}

/** What the flags ask for; nothing can be enabled and disabled at once. */
export function admissionSource(flags: FlagReader): AdmissionSource {
  const enabled = flags.list('enable-admission-plugins')
  const disabled = flags.list('disable-admission-plugins')
  const twice = enabled.find(name => disabled.includes(name))
  if (twice !== undefined)
    throw new UserError(
      `admission plugin "${twice}" is both enabled and disabled`,
      'Choose one of the two.',
      2,
    )
  return {
    choice: { enabled, disabled, features: chosenFeatures(flags) },
    configFile: flags.optional(flag),
    componentDirectory: flags.optional('admission-plugin-dir'),
    tolerationSeconds: {
      notReady: flags.integer('default-not-ready-toleration-seconds'),
      unreachable: flags.integer('default-unreachable-toleration-seconds'),
    },
    scalesVertically: controllerTuning(flags).runs(verticalPodAutoscaler.name),
  }
}

/**
 * Reads the configuration of the plugins and the kubeconfigs that it names, relative paths as from its folder, and loads
 * components, which end with the signal.
 */
export async function openAdmission(
  { choice, configFile, componentDirectory, tolerationSeconds, scalesVertically }: AdmissionSource,
  { clock }: Pick<Ports, 'clock'>,
  signal: AbortSignal,
): Promise<AdmissionOptions> {
  const settings = configFile === undefined ? {} : readSettings(configFile)
  const missing = missingSettings(choice.enabled, settings)
  if (missing) throw new UserError(missing, `Configure it in the file of --${flag}.`)
  const { MutatingAdmissionWebhook, ValidatingAdmissionWebhook, ImagePolicyWebhook } = settings
  const components =
    componentDirectory === undefined
      ? undefined
      : await openAdmissionComponents(componentDirectory, clock, signal)
  return {
    choice,
    settings,
    components,
    ...{ tolerationSeconds, scalesVertically },
    credentials: {
      ...(MutatingAdmissionWebhook && { MutatingAdmissionWebhook: credentialsIn(MutatingAdmissionWebhook) }),
      ...(ValidatingAdmissionWebhook && {
        ValidatingAdmissionWebhook: credentialsIn(ValidatingAdmissionWebhook),
      }),
    },
    ...(ImagePolicyWebhook && {
      imagePolicy: connectReviews(ImagePolicyWebhook.kubeConfigFile, flag, undefined),
    }),
  }
}

function readSettings(path: string): PluginSettings {
  return usable(path, flag, () => readPluginSettings(readConfigured(path, flag), readBeside(path, flag)))
}

function credentialsIn(kubeconfig: string) {
  const text = readConfigured(kubeconfig, flag)
  return usable(kubeconfig, flag, () => credentialsByHost(text, readBeside(kubeconfig, flag)))
}
