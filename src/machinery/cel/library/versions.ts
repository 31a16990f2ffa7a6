/** Semantic versions (apiserver pkg/cel/library/semverlib.go). */
import { CelError } from '../language/errors.ts'
import { boolType, intType, stringType, structType } from '../language/type.ts'
import type { StructValue } from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'

const semverType = structType('kubernetes.Semver')

class Semver implements StructValue {
  readonly typeName = 'kubernetes.Semver'
  readonly numbers: readonly bigint[]
  readonly pre: readonly string[]
  constructor(numbers: readonly bigint[], pre: readonly string[]) {
    this.numbers = numbers
    this.pre = pre
  }
  equals(other: StructValue): boolean {
    return compare(this, other as Semver) === 0
  }
}

const shape = /^([^.]*)(?:\.([^.]*))?(?:\.([^-+]*))?(?:-([^+]*))?(?:\+(.*))?$/s

/** The version in a text, or why there is none (blang/semver). */
function read(text: string): Semver | string {
  if (text === '') return 'Version string empty'
  const [, major = '', minor, patch, pre, build] = shape.exec(text) ?? []
  if (minor === undefined || patch === undefined) return 'No Major.Minor.Patch elements found'
  for (const [name, part] of Object.entries({ major, minor, patch })) {
    if (!/^\d+$/.test(part)) return `Invalid character(s) found in ${name} number "${part}"`
    if (part.length > 1 && part.startsWith('0'))
      return `${name[0]!.toUpperCase()}${name.slice(1)} number must not contain leading zeroes "${part}"`
  }
  const identifiers = pre === undefined ? [] : pre.split('.')
  for (const identifier of [...identifiers, ...(build === undefined ? [] : build.split('.'))]) {
    if (identifier === '') return build === undefined ? 'Prerelease is empty' : 'Build meta data is empty'
    if (!/^[0-9A-Za-z-]+$/.test(identifier)) return `Invalid character(s) found in prerelease "${identifier}"`
  }
  const padded = identifiers.find(each => /^0\d+$/.test(each))
  if (padded) return `Numeric PreRelease version must not contain leading zeroes "${padded}"`
  return new Semver([major, minor, patch].map(BigInt), identifiers)
}

/** `v1.02` as `1.2.0`: what is missing is zero, what is too much goes. */
function normalize(text: string): string {
  const parts = text
    .replace(/^v/, '')
    .split(/\.(.*)/s)
    .filter((_, index) => index < 2)
  const [major = '', rest] = parts
  const [minor, patch] = rest === undefined ? [] : rest.split(/\.(.*)/s)
  const bare = (part: string) => part.replace(/^0+(?=\d)/, '')
  const split = (part: string) => /^([^-+]*)(.*)$/s.exec(part) as unknown as readonly [string, string, string]
  if (minor === undefined) {
    const [, number, tail] = split(major)
    return `${bare(number)}.0.0${tail}`
  }
  if (patch === undefined) {
    const [, number, tail] = split(minor)
    return `${bare(major)}.${bare(number)}.0${tail}`
  }
  return `${bare(major)}.${bare(minor)}.${bare(patch)}`
}

function toSemver(text: string, normalizes = false): Semver {
  const found = read(normalizes ? normalize(text) : text)
  if (typeof found === 'string') throw new CelError(found)
  return found
}

function isSemver(text: string, normalizes = false): boolean {
  return typeof read(normalizes ? normalize(text) : text) !== 'string'
}

function compare(a: Semver, b: Semver): number {
  for (const [index, number] of a.numbers.entries()) {
    if (number !== b.numbers[index]) return number < b.numbers[index]! ? -1 : 1
  }
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length)
  for (let index = 0; index < Math.min(a.pre.length, b.pre.length); index++) {
    const order = comparePre(a.pre[index]!, b.pre[index]!)
    if (order !== 0) return order
  }
  return Math.sign(a.pre.length - b.pre.length)
}

function comparePre(a: string, b: string): number {
  const [isNumber, otherIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumber !== otherIsNumber) return isNumber ? -1 : 1
  if (isNumber) return BigInt(a) === BigInt(b) ? 0 : BigInt(a) < BigInt(b) ? -1 : 1
  return a === b ? 0 : a < b ? -1 : 1
}

const both = [semverType, semverType]
const part = (index: number) => (version: Semver) => version.numbers[index]!

/** `isGreaterThan` and its like are declared for quantities too. */
export const versions: Functions = {
  semver: [
    global('string_to_semver', [stringType], semverType, toSemver),
    global('string_bool_to_semver', [stringType, boolType], semverType, toSemver),
  ],
  isSemver: [
    global('is_semver_string', [stringType], boolType, isSemver),
    global('is_semver_string_bool', [stringType, boolType], boolType, isSemver),
  ],
  isGreaterThan: [
    member('semver_is_greater_than', both, boolType, (a: Semver, b: Semver) => compare(a, b) > 0),
  ],
  isLessThan: [member('semver_is_less_than', both, boolType, (a: Semver, b: Semver) => compare(a, b) < 0)],
  compareTo: [member('semver_compare_to', both, intType, (a: Semver, b: Semver) => BigInt(compare(a, b)))],
  major: [member('semver_major', [semverType], intType, part(0))],
  minor: [member('semver_minor', [semverType], intType, part(1))],
  patch: [member('semver_patch', [semverType], intType, part(2))],
}
