import type { Container, EnvFromSource, EnvVar, Pod, Service } from '../../api/types/core-v1.gen.ts'
import { StartError } from '../pod/start-error.ts'
import type { References } from '../references.ts'
import { expand } from './expand.ts'
import { fieldValue, resourceValue } from './field-ref.ts'
import { serviceEnvironment } from './service-env.ts'

export interface EnvInput {
  readonly pod: Pod
  readonly container: Container
  readonly podIps: readonly string[]
  readonly hostIps: readonly string[]
  readonly nodeName: string
  readonly allocatable: Readonly<Record<string, string>>
  readonly services: Iterable<Service>
  readonly references: Pick<References, 'configMap' | 'secret'>
}

/**
 * A container's environment: services, then `envFrom`, then `env`, later ones winning (upstream
 * makeEnvironmentVariables). Rejects with a `StartError` when something that is not optional is missing.
 */
export async function buildEnv(input: EnvInput): Promise<Map<string, string>> {
  const { pod, container } = input
  const env = new Map<string, string>()
  for (const source of container.envFrom ?? [])
    for (const [name, value] of await valuesFrom(input, source))
      env.set(`${source.prefix ?? ''}${name}`, value)
  const links = serviceEnvironment(
    input.services,
    pod.metadata.namespace ?? '',
    pod.spec?.enableServiceLinks ?? true,
  )
  const known = new Map([...links, ...env])
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await valueFrom(input, variable)
      : expand(variable.value ?? '', name => known.get(name))
    if (value === undefined) continue
    env.set(variable.name, value)
    known.set(variable.name, value)
  }
  for (const [name, value] of links) if (!env.has(name)) env.set(name, value)
  return env
}

async function valuesFrom({ pod, references }: EnvInput, source: EnvFromSource): Promise<[string, string][]> {
  const { namespace = '' } = pod.metadata
  const reference = source.configMapRef ?? source.secretRef
  if (!reference) return []
  const { name = '', optional } = reference
  if (source.configMapRef) {
    const found = await references.configMap(namespace, name)
    if (!found && !optional) throw missing('configmap', name)
    return Object.entries(found?.data ?? {})
  }
  const found = await references.secret(namespace, name)
  if (!found && !optional) throw missing('secret', name)
  return Object.entries(found?.data ?? {}).map(([key, value]) => [key, decode(value)])
}

async function valueFrom(input: EnvInput, { name, valueFrom: source }: EnvVar): Promise<string | undefined> {
  const { pod, references, container } = input
  const { namespace = '' } = pod.metadata
  if (source?.fieldRef) {
    const value = fieldValue(source.fieldRef.fieldPath, input)
    if (value === undefined) throw configError(`unsupported fieldPath: ${source.fieldRef.fieldPath}`)
    return value
  }
  if (source?.resourceFieldRef) {
    const wanted = source.resourceFieldRef.containerName
    const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
    const owner = wanted ? all.find(entry => entry.name === wanted) : container
    const value = owner && resourceValue(source.resourceFieldRef, owner, input.allocatable)
    if (value === undefined)
      throw configError(`unsupported container resource : ${source.resourceFieldRef.resource}`)
    return value
  }
  if (source?.configMapKeyRef) {
    const { name: object = '', key, optional } = source.configMapKeyRef
    const found = await references.configMap(namespace, object)
    if (!found && !optional) throw missing('configmap', object)
    const value = found?.data?.[key]
    if (value === undefined && !optional)
      throw configError(`couldn't find key ${key} in ConfigMap ${namespace}/${object}`)
    return value
  }
  if (source?.secretKeyRef) {
    const { name: object = '', key, optional } = source.secretKeyRef
    const found = await references.secret(namespace, object)
    if (!found && !optional) throw missing('secret', object)
    const value = found?.data?.[key]
    if (value === undefined && !optional)
      throw configError(`couldn't find key ${key} in Secret ${namespace}/${object}`)
    return value === undefined ? undefined : decode(value)
  }
  throw configError(`the source of environment variable ${name} is not supported by this node`)
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString()
}

function missing(resource: string, name: string): StartError {
  return configError(`${resource} "${name}" not found`)
}

export function configError(message: string): StartError {
  return new StartError('CreateContainerConfigError', message)
}
