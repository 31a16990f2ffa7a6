import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../machinery/meta/names.ts'
import { quoted, SnapshotProblem } from './failure.ts'
import type { VolumeSnapshot } from './kinds.ts'

const nameKey = 'csi.storage.k8s.io/snapshotter-secret-name'
const namespaceKey = 'csi.storage.k8s.io/snapshotter-secret-namespace'

export interface SecretReference {
  readonly name: string
  readonly namespace: string
}

/**
 * The secret by which a driver takes and deletes this snapshot, by the templates in the parameters of its class
 * (external-snapshotter pkg/utils GetSecretReference). The secret itself is not looked for. Throws `SnapshotProblem`.
 */
export function secretReference(
  parameters: Readonly<Record<string, string>>,
  contentName: string,
  { metadata }: VolumeSnapshot,
): SecretReference | undefined {
  const { [nameKey]: nameTemplate, [namespaceKey]: namespaceTemplate } = parameters
  if (nameTemplate === undefined && namespaceTemplate === undefined) return undefined
  if (nameTemplate === undefined || namespaceTemplate === undefined)
    throw ofTemplates('either name and namespace for Snapshotter secrets specified, Both must be specified')
  if (nameTemplate === '' || namespaceTemplate === '')
    throw ofTemplates(
      'Snapshotter secrets specified in parameters but value of either namespace or name is empty',
    )
  const known = {
    'volumesnapshotcontent.name': contentName,
    'volumesnapshot.namespace': metadata.namespace ?? '',
  }
  const namespace = expand(namespaceTemplate, known)
  if (dns1123LabelErrors(namespace).length > 0)
    throw new SnapshotProblem(notValid(namespaceTemplate, namespace, 'namespace'))
  const name = expand(nameTemplate, { ...known, 'volumesnapshot.name': metadata.name ?? '' })
  if (dns1123SubdomainErrors(name).length > 0)
    throw new SnapshotProblem(notValid(nameTemplate, name, 'secret'))
  return { name, namespace }
}

const ofTemplates = (message: string) =>
  new SnapshotProblem(`failed to get name and namespace template from params: ${message}`)

function notValid(template: string, resolved: string, what: string): string {
  return template === resolved
    ? `${quoted(template)} is not a valid ${what} name`
    : `${quoted(template)} resolved to ${quoted(resolved)} which is not a valid ${what} name`
}

/** `${name}` and `$name`, as Go's os.Expand. */
function expand(template: string, values: Readonly<Record<string, string>>): string {
  const missing = new Set<string>()
  const text = template.replace(/\$(?:\{([^}]*)\}|(\w+))/g, (_all, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? ''
    if (!Object.hasOwn(values, name)) missing.add(name)
    return values[name] ?? ''
  })
  if (missing.size === 0) return text
  const tokens = [...missing].toSorted().map(quoted).join(' ')
  throw new SnapshotProblem(`error resolving value ${quoted(template)}: invalid tokens: [${tokens}]`)
}
