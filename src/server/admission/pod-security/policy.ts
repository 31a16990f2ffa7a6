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
const unrestricted: LevelVersion = { level: 'privileged', version: 'latest' }
const versionPattern = /^v1\.(0|[1-9][0-9]*)$/

/** How strict a level is: 0, 1, 2. */
export function strictness(level: Level): number {
  return levels.indexOf(level)
}

/** `baseline:latest` */
export function levelText({ level, version }: LevelVersion): string {
  return `${level}:${version}`
}

/**
 * The policy of a namespace and what is wrong with its labels. A wrong level enforces `restricted` and audits and
 * warns of nothing; a wrong version means `latest`.
 */
export function policyOf(labels: Readonly<Record<string, string>> = {}): {
  readonly policy: PodSecurityPolicy
  readonly errors: readonly FieldError[]
} {
  const errors = createFieldErrors()
  const read = (mode: string, whenWrong: Level): LevelVersion & { readonly levelGiven: boolean } => {
    const level = labels[`${prefix}${mode}`]
    const version = labels[`${prefix}${mode}-version`]
    const known = level === undefined || levels.includes(level as Level)
    if (!known) errors.invalid(path(mode), level, `must be one of ${levels.join(', ')}`)
    const fine = version === undefined || version === 'latest' || versionPattern.test(version)
    if (!fine) errors.invalid(path(`${mode}-version`), version, 'must be "latest" or "v1.x"')
    return {
      level: known ? ((level ?? 'privileged') as Level) : whenWrong,
      version: fine ? (version ?? 'latest') : 'latest',
      levelGiven: level !== undefined && known,
    }
  }
  const enforce = read('enforce', 'restricted')
  const audit = read('audit', 'privileged')
  const warn = read('warn', 'privileged')
  return {
    policy: { enforce: plain(enforce), audit: plain(audit), warn: warnOf(labels, enforce, warn) },
    errors: errors.list,
  }
}

function path(label: string): string {
  return `metadata.labels[${prefix}${label}]`
}

function plain({ level, version }: LevelVersion): LevelVersion {
  return { level, version }
}

/** Who enforces without saying what to warn of is warned of the same. */
function warnOf(
  labels: Readonly<Record<string, string>>,
  enforce: LevelVersion & { readonly levelGiven: boolean },
  warn: LevelVersion,
): LevelVersion {
  const follows = labels[`${prefix}warn`] === undefined && enforce.levelGiven
  if (!follows || strictness(enforce.level) <= strictness(unrestricted.level)) return plain(warn)
  const version = labels[`${prefix}warn-version`] === undefined ? enforce.version : warn.version
  return { level: enforce.level, version }
}
