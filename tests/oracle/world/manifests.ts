import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { Json } from '../rule-schemas.ts'

/** What lies in some folders: definitions by name, and the objects that are of the kinds they define. */
export interface Manifests {
  readonly definitions: readonly Definition[]
  readonly objects: readonly Manifest[]
}

export interface Manifest extends Json {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
}

export interface Definition extends Manifest {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly group: string
    readonly scope: 'Namespaced' | 'Cluster'
    readonly names: { readonly plural: string; readonly kind: string }
    readonly versions: readonly DefinedVersion[]
  }
}

export interface DefinedVersion {
  readonly name: string
  readonly served: boolean
  readonly schema?: { readonly openAPIV3Schema: Json }
}

/** Reads every YAML and JSON file below the folders; what is a template, or broken, is left out. */
export function readManifests(folders: readonly string[]): Manifests {
  const all = folders.flatMap(filesBelow).flatMap(manifestsOf)
  const definitions = new Map<string, Definition>()
  for (const one of all.filter(isDefinition))
    if (!definitions.has(one.metadata.name)) definitions.set(one.metadata.name, one)
  const kinds = new Set([...definitions.values()].map(({ spec }) => `${spec.group} ${spec.names.kind}`))
  const isDefined = ({ apiVersion, kind }: Manifest) => kinds.has(`${apiVersion.split('/')[0]} ${kind}`)
  return { definitions: [...definitions.values()], objects: all.filter(isDefined) }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(?:ya?ml|json)$/.test(name))
    .toSorted()
    .map(name => join(folder, name))
}

function manifestsOf(file: string): Manifest[] {
  const text = readFileSync(file, 'utf8')
  if (!text.includes('apiVersion')) return []
  const documents = parseAllDocuments(text, { logLevel: 'silent' })
  if (!Array.isArray(documents)) return []
  return documents
    .filter(({ errors }) => errors.length === 0)
    .map(document => document.toJS({ maxAliasCount: 1000 }) as unknown)
    .flatMap(value => (isList(value) ? value.items : [value]))
    .filter(isManifest)
}

function isList(value: unknown): value is { items: unknown[] } {
  return isManifest(value) && value.kind === 'List' && Array.isArray(value.items)
}

function isManifest(value: unknown): value is Manifest {
  const { apiVersion, kind } = (value ?? {}) as Partial<Manifest>
  return typeof apiVersion === 'string' && typeof kind === 'string'
}

/** Patches of definitions look like them, but for their versions. */
function isDefinition(one: Manifest): one is Definition {
  const isKind = one.apiVersion === 'apiextensions.k8s.io/v1' && one.kind === 'CustomResourceDefinition'
  const { names, versions } = (one.spec ?? {}) as Partial<Definition['spec']>
  return isKind && names !== undefined && Array.isArray(versions)
}
