import { quote } from '../../../machinery/meta/quote.ts'
import type { FieldError } from '../../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'

export type Level = 'privileged' | 'baseline' | 'restricted'

/** `version` is `latest` or `v1.N`. */
export interface LevelVersion {
  readonly level: Level
  readonly version: string
}

/** What a namespace's labels ask for, per mode (k8s.io/pod-security-admission/api Policy). */
export interface PodSecurityPolicy {
  readonly enforce: LevelVersion
  readonly audit: LevelVersion
  readonly warn: LevelVersion
}

const prefix = 'pod-security.kubernetes.io/'
const levels: readonly Level[] = ['privileged', 'baseline', 'restricted']
/** What holds where nothing else is said. */
export const unrestricted: LevelVersion = { level: 'privileged', version: 'latest' }
const versionPattern = /^v1\.(0|[1-9][0-9]*)$/

/** How strict a level is: 0, 1, 2. */
export function strictness(level: Level): number {
  return levels.indexOf(level)
}

/** `baseline:latest` */
export function levelText({ level, version }: LevelVersion): string {
  return `${level}:${version}`
}

/** What is wrong with the name of a level; undefined when nothing is. */
export function levelFault(level: string): string | undefined {
  return levels.includes(level as Level) ? undefined : `must be one of ${levels.join(', ')}`
}

/** What is wrong with a version; undefined when nothing is. */
export function versionFault(version: string): string | undefined {
  return version === 'latest' || versionPattern.test(version) ? undefined : 'must be "latest" or "v1.x"'
}

/** The newest version that any control knows; `latest` and later versions mean this one. */
export const newestMinor = 35

/** 30 of `v1.30`. */
export function minorOf(version: string): number {
  return Number(version.slice('v1.'.length))
}

const usual: PodSecurityPolicy = { enforce: unrestricted, audit: unrestricted, warn: unrestricted }

/**
 * The policy of a namespace, from `defaults` where its labels say nothing, and what is wrong with its labels. A wrong
 * level enforces `restricted` and audits and warns of nothing; a wrong version means `latest`.
 */
export function policyOf(
  labels: Readonly<Record<string, string>> = {},
  defaults: PodSecurityPolicy = usual,
): { readonly policy: PodSecurityPolicy; readonly errors: readonly FieldError[] } {
  const errors = createFieldErrors()
  const read = (mode: keyof PodSecurityPolicy, whenWrong: Level): LevelVersion => {
    const { [`${prefix}${mode}`]: level, [`${prefix}${mode}-version`]: version } = labels
    const wrongLevel = level === undefined ? undefined : levelFault(level)
    if (wrongLevel) errors.invalid(path(mode), level, wrongLevel)
    const wrongVersion = version === undefined ? undefined : versionFault(version)
    if (wrongVersion) errors.invalid(path(`${mode}-version`), version, wrongVersion)
    return {
      level: wrongLevel ? whenWrong : ((level ?? defaults[mode].level) as Level),
      version: wrongVersion ? 'latest' : (version ?? defaults[mode].version),
    }
  }
  const enforce = read('enforce', 'restricted')
  const audit = read('audit', 'privileged')
  const warn = read('warn', 'privileged')
  return { policy: { enforce, audit, warn: warnOf(labels, enforce, warn) }, errors: errors.list }
}

function path(label: string): string {
  return `metadata.labels[${prefix}${label}]`
}

/** Who enforces without saying what to warn of is warned of the same. */
function warnOf(
  labels: Readonly<Record<string, string>>,
  enforce: LevelVersion,
  warn: LevelVersion,
): LevelVersion {
  const enforced = labels[`${prefix}enforce`]
  const follows = labels[`${prefix}warn`] === undefined && enforced !== undefined && !levelFault(enforced)
  if (!follows || strictness(enforce.level) <= strictness(warn.level)) return warn
  const version = labels[`${prefix}warn-version`] === undefined ? enforce.version : warn.version
  return { level: enforce.level, version }
}

/** What the labels of an exempt namespace ask for in vain; undefined when they ask for nothing. */
export function exemptionWarning(
  name: string,
  labels: Readonly<Record<string, string>>,
  policy: PodSecurityPolicy,
  defaults: PodSecurityPolicy,
): string | undefined {
  const modes = ['enforce', 'audit', 'warn'] as const
  if (modes.every(mode => policy[mode].level === 'privileged')) return undefined
  if (modes.every(mode => isEquivalent(policy[mode], defaults[mode]))) return undefined
  const asked = modes.filter(
    mode =>
      policy[mode].level !== 'privileged' &&
      (`${prefix}${mode}` in labels || `${prefix}${mode}-version` in labels),
  )
  const text = asked.map(mode => `${mode}=${levelText(policy[mode])}`).join(', ')
  return `namespace ${quote(name)} is exempt from Pod Security, and the policy (${text}) will be ignored`
}

function isEquivalent(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && (a.level === 'privileged' || a.version === b.version)
}
