import { controllerManagerFlags } from './controller-manager-flags.ts'
import { type Flag, type FlagValues, readValue, withDefaults } from './flags.ts'
import { schedulerFlags } from './scheduler-flags.ts'
import { insteadOfComponent, type Program } from './stock-component-flags.ts'

const programs: Readonly<Record<Program, readonly Flag[]>> = {
  'kube-controller-manager': controllerManagerFlags,
  'kube-scheduler': schedulerFlags,
}

/** `--kube-scheduler-arg NAME=VALUE` and the like, as k3s has them: flags of programs that are parts of this one. */
export const componentFlags: readonly Flag[] = (Object.keys(programs) as Program[]).map(program => ({
  name: `${program}-arg`,
  type: 'list',
  keepsCommas: true,
  placeholder: 'NAME=VALUE',
  help: `flag of ${program}: ${programs[program].map(({ name }) => name).join(', ')}; repeatable`,
  check: text => void readArgument(program, text),
}))

/** What was given for one of the programs, with its defaults. */
export function componentValues(program: Program, given: readonly string[]): FlagValues {
  return withDefaults(programs[program], Object.fromEntries(given.map(text => readArgument(program, text))))
}

/** `--` before the name is as good as none. */
function readArgument(program: Program, text: string): readonly [name: string, value: FlagValues[string]] {
  const [, name = '', value] = /^(?:--)?([^=]+)(?:=(.*))?$/s.exec(text) ?? []
  const flag = programs[program].find(candidate => candidate.name === name)
  if (!flag) {
    const instead = insteadOfComponent(program, name)
    throw new Error(
      instead
        ? `${program} --${name} is not in Hutch. ${instead}`
        : `${program} has no flag --${name}, or none that Hutch knows`,
    )
  }
  if (value === undefined) throw new Error(`"${text}" is not NAME=VALUE`)
  return [name, readValue(flag, value, `${program} --${name}`)]
}
