/** Which feature gates are on: upstream's defaults and what an administrator set (component-base featuregate). */
import { booleanFault, parseBoolean } from './booleans.ts'
import { type Gate, gates, type SwitchedGate } from './gates.ts'

/** The gates of one process; they do not change while it runs. */
export interface Features {
  enabled(name: SwitchedGate): boolean
  /** Every gate with its value, by name, upstream's two special ones too. */
  all(): readonly Pick<Gate, 'name' | 'stage' | 'isOn'>[]
}

/** A setting that cannot be honoured; `hint` says what to do. */
export class FeatureError extends Error {
  override name = 'FeatureError'
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** Gates that stand for all of a stage that nobody named. */
const special: Readonly<Record<string, Gate>> = {
  AllAlpha: { name: 'AllAlpha', stage: 'ALPHA', isOn: false, isFixed: false },
  AllBeta: { name: 'AllBeta', stage: 'BETA', isOn: false, isFixed: false },
}

/** Reads `Name=true` settings, later ones first. Throws FeatureError for what is unknown or cannot be changed. */
export function createFeatures(settings: readonly string[] = []): Features {
  const given = new Map(settings.map(readSetting))
  const values = new Map<string, boolean>()
  for (const [name, value] of given) {
    const stage = Object.hasOwn(special, name) ? special[name]!.stage : undefined
    if (stage === undefined) continue
    for (const gate of gates.values()) if (gate.stage === stage && !gate.isFixed) values.set(gate.name, value)
  }
  for (const [name, value] of given) values.set(name, value)
  const isOnNow = ({ name, isOn }: Gate) => values.get(name) ?? isOn
  return {
    enabled: name => isOnNow(gates.get(name)!),
    all: () =>
      [...Object.values(special), ...gates.values()].map(gate => ({
        name: gate.name,
        stage: gate.stage,
        isOn: isOnNow(gate),
      })),
  }
}

function readSetting(setting: string): readonly [string, boolean] {
  const at = setting.indexOf('=')
  const name = (at < 0 ? setting : setting.slice(0, at)).trim()
  if (at < 0) throw new FeatureError(`missing bool value for ${name}`, `Write ${name}=true or ${name}=false.`)
  const text = setting.slice(at + 1).trim()
  const value = parseBoolean(text)
  if (value === undefined)
    throw new FeatureError(
      `invalid value of ${name}=${text}, err: ${booleanFault(text)}`,
      `Write ${name}=true or ${name}=false.`,
    )
  const gate = Object.hasOwn(special, name) ? special[name] : gates.get(name)
  if (!gate) throw new FeatureError(`unrecognized feature gate: ${name}`, unknownHint())
  if (gate.isFixed && gate.isOn !== value)
    throw new FeatureError(
      `cannot set feature gate ${name} to ${value}, feature is locked to ${gate.isOn}`,
      `Hutch always has ${name} ${gate.isOn ? 'on' : 'off'}; leave it out of --feature-gates.`,
    )
  return [name, value]
}

function unknownHint(): string {
  const names = [...gates.values()].flatMap(({ name, isFixed }) => (isFixed ? [] : [name]))
  return `Hutch does not have it; leave it out. Gates that may be set: ${names.join(', ')}, AllAlpha, AllBeta.`
}
