import { DocumentError, type DocumentKind, readDocument } from '../../../machinery/config/document.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'
import { aggregateText } from '../../authz/rbac.ts'
import {
  type LevelVersion,
  levelFault,
  type PodSecurityPolicy,
  unrestricted,
  versionFault,
} from './policy.ts'

/** What namespaces without labels keep to, and who is not looked at. */
export interface PodSecuritySettings {
  readonly defaults: PodSecurityPolicy
  readonly exemptions: {
    readonly usernames: readonly string[]
    readonly namespaces: readonly string[]
    readonly runtimeClasses: readonly string[]
  }
}

export const usualSettings: PodSecuritySettings = {
  defaults: { enforce: unrestricted, audit: unrestricted, warn: unrestricted },
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
}

const modes = ['enforce', 'warn', 'audit'] as const
type Mode = (typeof modes)[number]

interface PodSecurityDocument {
  readonly defaults?: Readonly<Partial<Record<Mode | `${Mode}-version`, string>>>
  readonly exemptions?: Partial<PodSecuritySettings['exemptions']>
}

const documentKind: DocumentKind = {
  kind: 'PodSecurityConfiguration',
  apiVersions: ['v1', 'v1beta1', 'v1alpha1'].map(
    version => `pod-security.admission.config.k8s.io/${version}`,
  ),
  fields: {
    defaults: {
      fields: Object.fromEntries(
        modes.flatMap(mode => [mode, `${mode}-version`]).map(name => [name, 'string'] as const),
      ),
    },
    exemptions: { fields: { usernames: ['string'], namespaces: ['string'], runtimeClasses: ['string'] } },
  },
}

/** Reads and checks a PodSecurityConfiguration (k8s.io/pod-security-admission/admission/api). Throws `DocumentError`. */
export function readPodSecurity(text: string): PodSecuritySettings {
  const { defaults = {}, exemptions = {} } = readDocument<PodSecurityDocument>(text, documentKind)
  const faults: string[] = []
  const read = (mode: Mode): LevelVersion => {
    const level = defaults[mode] || 'privileged'
    const version = defaults[`${mode}-version`] || 'latest'
    const [ofLevel, ofVersion] = [levelFault(level), versionFault(version)]
    faults.push(...(ofLevel ? [`${mode}: ${ofLevel}`] : []))
    faults.push(...(ofVersion ? [`${mode}-version: ${ofVersion}`] : []))
    return { level: level as LevelVersion['level'], version }
  }
  const [enforce, audit, warn] = [read('enforce'), read('audit'), read('warn')]
  if (faults.length > 0) throw new DocumentError(`PodSecurity configuration error: ${aggregateText(faults)}`)
  const errors = createFieldErrors()
  const { namespaces = [], runtimeClasses = [], usernames = [] } = exemptions
  checkNames(namespaces, 'namespaces', dns1123LabelErrors, errors)
  checkNames(runtimeClasses, 'runtimeClasses', dns1123SubdomainErrors, errors)
  checkNames(usernames, 'usernames', name => (name === '' ? ['username must not be empty'] : []), errors)
  if (errors.list.length === 0)
    return { defaults: { enforce, warn, audit }, exemptions: { namespaces, runtimeClasses, usernames } }
  const found = aggregateText(errors.list.map(({ field, message }) => `${field}: ${message}`))
  throw new DocumentError(`PodSecurity invalid: ${found}`)
}

function checkNames(
  names: readonly string[],
  field: string,
  wrongOf: (name: string) => readonly string[],
  errors: FieldErrors,
): void {
  const seen = new Set<string>()
  for (const [index, name] of names.entries()) {
    const path = `exemptions.${field}[${index}]`
    const wrong = wrongOf(name)
    if (wrong.length > 0) errors.invalid(path, name, wrong.join(', '))
    else if (seen.has(name)) errors.duplicate(path, name)
    seen.add(name)
  }
}
