import { type AdmissionChoice, pluginNameFault } from '../server/admission/choice.ts'
import type { Flag } from './flags.ts'
import type { FlagReader } from './server-flags.ts'
import { UserError } from './user-error.ts'

const plugins = (value: string) => {
  const fault = value.split(',').map(pluginNameFault).find(Boolean)
  if (fault !== undefined) throw new Error(fault)
}

/** Which admission plugins run: names and meanings are kube-apiserver's. */
export const admissionFlags: readonly Flag[] = [
  {
    name: 'enable-admission-plugins',
    type: 'list',
    placeholder: 'NAME',
    help: 'admission plugin that runs beside the usual ones; repeatable',
    check: plugins,
  },
  {
    name: 'disable-admission-plugins',
    type: 'list',
    placeholder: 'NAME',
    help: 'usual admission plugin that does not run; repeatable',
    check: plugins,
  },
]

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
  return { enabled, disabled }
}
