import type { AdmissionChoice } from '../../server/admission/choice.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { chosenFeatures } from './features.ts'

/** What the flags ask for; nothing can be enabled and disabled at once. */
export function admissionChoice(flags: FlagReader): AdmissionChoice {
  const enabled = flags.list('enable-admission-plugins')
  const disabled = flags.list('disable-admission-plugins')
  const twice = enabled.find(name => disabled.includes(name))
  if (twice !== undefined)
    throw new UserError(
      `admission plugin "${twice}" is both enabled and disabled`,
      'Choose one of the two.',
      2,
    )
  return { enabled, disabled, features: chosenFeatures(flags) }
}
