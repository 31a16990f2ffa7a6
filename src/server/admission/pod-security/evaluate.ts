import { baselineChecks } from './baseline.ts'
import type { Check, CheckPod, PodLike, Violation } from './check.ts'
import { type LevelVersion, minorOf, newestMinor } from './policy.ts'
import { restrictedChecks } from './restricted.ts'

/** What of a pod violates a level of the Pod Security Standards, baseline's controls first. */
export function evaluatePod(level: LevelVersion, pod: PodLike): readonly Violation[] {
  return checksOf(level).flatMap(check => check(pod) ?? [])
}

const known = new Map<string, readonly CheckPod[]>()

function checksOf({ level, version }: LevelVersion): readonly CheckPod[] {
  if (level === 'privileged') return []
  const minor = version === 'latest' ? newestMinor : Math.min(minorOf(version), newestMinor)
  const key = `${level}:${minor}`
  const checks =
    known.get(key) ?? (level === 'baseline' ? inForce(baselineChecks, minor) : restrictedIn(minor))
  known.set(key, checks)
  return checks
}

function inForce(checks: readonly Check[], minor: number): readonly CheckPod[] {
  return checks.flatMap(check => versionIn(check, minor)?.check ?? [])
}

/** Restricted means baseline too, except for the controls that a stricter one replaces. */
function restrictedIn(minor: number): readonly CheckPod[] {
  const replaced = restrictedChecks.map(check => versionIn(check, minor)?.overrides)
  const kept = baselineChecks.filter(({ id }) => !replaced.includes(id))
  return [...inForce(kept, minor), ...inForce(restrictedChecks, minor)]
}

function versionIn({ versions }: Check, minor: number) {
  return versions.findLast(({ since }) => since <= minor)
}

/** `host namespaces (hostPID=true), privileged (container "a" must not set …)` */
export function violationsText(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ')
}
