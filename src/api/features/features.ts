/** Which feature gates are on: upstream's defaults and what an administrator set (component-base featuregate). */
import { numError } from '../../machinery/meta/strconv.ts'
import { parseBoolean } from './booleans.ts'
import { type Gate, gates, type Stage, type SwitchedGate } from './gates.ts'

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
  AllAlpha: wholeStage('AllAlpha', 'ALPHA'),
  AllBeta: wholeStage('AllBeta', 'BETA'),
}

function wholeStage(name: string, stage: Stage): Gate {
  return { name, stage, byDefault: false, isOn: false, use: 'switched', isLocked: false }
}

/** Reads `Name=true` settings, later ones first. Throws FeatureError for what is unknown or cannot be changed. */
export function createFeatures(settings: readonly string[] = []): Features {
  const given = new Map(settings.map(readSetting))
  const values = new Map<string, boolean>()
  for (const [name, value] of given) {
    const stage = Object.hasOwn(special, name) ? special[name]!.stage : undefined
    if (stage === undefined) continue
    for (const gate of gates.values())
      if (gate.stage === stage && gate.use === 'switched') values.set(gate.name, value)
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
  const name = nameOf((at < 0 ? setting : setting.slice(0, at)).trim())
  if (at < 0) throw new FeatureError(`missing bool value for ${name}`, `Write ${name}=true or ${name}=false.`)
  const text = setting.slice(at + 1).trim()
  const value = parseBoolean(text)
  if (value === undefined)
    throw new FeatureError(
      `invalid value of ${name}=${text}, err: ${numError('ParseBool', text)}`,
      `Write ${name}=true or ${name}=false.`,
    )
  const gate = Object.hasOwn(special, name) ? special[name] : gates.get(name)
  if (!gate)
    throw new FeatureError(
      `unrecognized feature gate: ${name}`,
      `Kubernetes 1.35 has none of this name. ${settableHint()}`,
    )
  if (gate.isLocked && gate.byDefault !== value)
    throw new FeatureError(
      `cannot set feature gate ${name} to ${value}, feature is locked to ${gate.byDefault}`,
      'Kubernetes 1.35 takes nothing else either; leave it out of --feature-gates.',
    )
  if (gate.use === 'absent' && value)
    throw new FeatureError(
      `feature gate ${name} (${gate.stage}) is not implemented`,
      `Nothing of it is in Hutch; leave it out. ${settableHint()}`,
    )
  if (gate.use === 'fixed' && !value)
    throw new FeatureError(
      `feature gate ${name} cannot be turned off`,
      `Hutch always has ${name} on; leave it out of --feature-gates.`,
    )
  return [name, value]
}

/** A gate may be named with its component, of which there is one: `kube:Name`. */
function nameOf(text: string): string {
  const [component = '', name] = text.split(':')
  if (name === undefined) return text
  if (component !== 'kube')
    throw new FeatureError(`component not registered: ${component}`, 'Write the name alone, or kube:NAME.')
  return name
}

function settableHint(): string {
  const names = [...gates.values()].flatMap(({ name, use }) => (use === 'switched' ? [name] : []))
  return `Gates that may be set: ${names.join(', ')}, AllAlpha, AllBeta.`
}
