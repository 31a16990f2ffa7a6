/** Writes src/api/types/*.gen.ts, one TypeScript interface for each type in facts.json. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type FactsDocument,
  type FieldRow,
  fieldFlags,
  fieldRows,
  type TypeRow,
} from '../../src/api/schema/layout.ts'

const root = join(import.meta.dir, '../..')
const folder = join(root, 'src/api/types')
const facts = (await Bun.file(join(root, 'src/api/schema/facts.json')).json()) as FactsDocument

/** Written by hand in machinery, because every floor needs them. */
const machineryTypes: Record<string, string> = {
  'meta-v1.ObjectMeta': 'ObjectMeta',
  'meta-v1.OwnerReference': 'OwnerReference',
  'meta-v1.ManagedFieldsEntry': 'ManagedFieldsEntry',
  'meta-v1.ListMeta': 'ListMeta',
}
const schemaProps = 'JSONSchemaProps'
const scalars: Record<string, string> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  uint32: 'number',
  uint64: 'number',
  double: 'number',
  bytes: 'string',
  quantity: 'string',
  intOrString: 'number | string',
  time: 'string',
  microTime: 'string',
  duration: 'string',
  fieldsV1: 'Record<string, unknown>',
  rawExtension: 'JsonObject',
  json: 'unknown',
  any: 'unknown',
  schemaOrBool: `${schemaProps} | boolean`,
  schemaOrArray: `${schemaProps} | ${schemaProps}[]`,
  schemaOrStringArray: `${schemaProps} | string[]`,
}

/** One generated file under construction. */
interface Module {
  readonly name: string
  /** Module to the names that are imported from it. */
  readonly imports: Map<string, Set<string>>
  readonly blocks: string[]
}

const modules = new Map<string, Module>()
/** Package index to module name: the group that its kinds are in, up to the first dot. */
const moduleNames = new Map<number, string>()
for (const [group, version, , type] of facts.kinds) {
  const packageIndex = facts.types[type]![0] as number
  if (group && !facts.packages[packageIndex]!.includes('/meta/')) {
    moduleNames.set(packageIndex, `${group.split('.')[0]}-${version}`)
  }
}

function moduleOf(row: TypeRow): string {
  const index = row[0] as number
  return moduleNames.get(index) ?? facts.packages[index]!.split('/').slice(-2).join('-')
}

function openModule(name: string): Module {
  const open = modules.get(name) ?? { name, imports: new Map(), blocks: [] }
  modules.set(name, open)
  return open
}

function addImport(module: Module, from: string, name: string): string {
  const names = module.imports.get(from) ?? new Set<string>()
  module.imports.set(from, names.add(name))
  return name
}

function objectType(module: Module, row: TypeRow): string {
  const home = moduleOf(row)
  const name = row[1] as string
  if (home === module.name && !machineryTypes[`${home}.${name}`]) return name
  if (machineryTypes[`${home}.${name}`]) return addImport(module, '../../machinery/meta/object.ts', name)
  return addImport(module, `./${home}.gen.ts`, name)
}

function typeText(module: Module, shapeIndex: number): string {
  const shape = facts.shapes[shapeIndex]!
  if (shape[0] === 'object') return objectType(module, facts.types[shape[1]]!)
  if (shape[0] === 'map') return `Record<string, ${typeText(module, shape[1])}>`
  if (shape[0] === 'list') {
    const items = typeText(module, shape[1])
    return items.includes('|') ? `(${items})[]` : `${items}[]`
  }
  if (shape[0] === 'rawExtension') addImport(module, '../../machinery/meta/object.ts', 'JsonObject')
  return scalars[shape[0]]!
}

function fieldText(module: Module, typeIndex: number, field: FieldRow): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(field.name) ? field.name : `'${field.name}'`
  const optional = (field.flags & fieldFlags.required) === 0 ? '?' : ''
  const values = facts.extras[`${typeIndex}.${field.nameIndex}`]?.[1]
  const comment = values ? `  /** ${values.map(value => JSON.stringify(value)).join(' | ')} */\n` : ''
  return `${comment}  ${key}${optional}: ${typeText(module, field.shape)}`
}

/** The fields with inlined structs dissolved; each with the type that its extras are filed under. */
function flatFields(typeIndex: number): { typeIndex: number; field: FieldRow }[] {
  return fieldRows(facts, facts.types[typeIndex]!).flatMap(field => {
    const shape = facts.shapes[field.shape]!
    const inline = (field.flags & fieldFlags.inline) !== 0 && shape[0] === 'object'
    return inline ? flatFields(shape[1]) : [{ typeIndex, field }]
  })
}

function addType(typeIndex: number): void {
  const row = facts.types[typeIndex]!
  const module = openModule(moduleOf(row))
  const name = row[1] as string
  const own = machineryTypes[`${module.name}.${name}`]
  if (own) {
    module.blocks.push(`export type { ${name} } from '../../machinery/meta/object.ts'\n`)
    return
  }
  const fields = flatFields(typeIndex)
  const metadata = fields.find(entry => entry.field.name === 'metadata')
  const metadataType =
    metadata && typeText({ name: '', imports: new Map(), blocks: [] }, metadata.field.shape)
  const isKind = metadataType === 'ObjectMeta' && fields[0]!.field.name === 'kind'
  const shared = new Set(isKind ? ['kind', 'apiVersion', 'metadata'] : [])
  const items = fields.find(entry => entry.field.name === 'items')
  if (metadataType === 'ListMeta' && items && name.endsWith('List')) {
    module.blocks.push(listText(module, name, items.field))
    return
  }
  const lines = fields
    .filter(({ field }) => !shared.has(field.name))
    .map(({ typeIndex, field }) => fieldText(module, typeIndex, field))
  const base = isKind ? ` extends ${addImport(module, '../../machinery/meta/object.ts', 'KubeObject')}` : ''
  module.blocks.push(
    lines.length > 0 ? `export interface ${name}${base} {\n${lines.join('\n')}\n}\n` : empty(name, isKind),
  )
}

function empty(name: string, isKind: boolean): string {
  return `export type ${name} = ${isKind ? 'KubeObject' : 'Record<string, never>'}\n`
}

function listText(module: Module, name: string, items: FieldRow): string {
  addImport(module, '../../machinery/meta/object.ts', 'KubeList')
  const shape = facts.shapes[items.shape]!
  const of = shape[0] === 'list' ? typeText(module, shape[1]) : 'unknown'
  return `export type ${name} = ${of === 'JsonObject' ? 'KubeList' : `KubeList<${of}>`}\n`
}

function moduleText(module: Module): string {
  const imports = [...module.imports].sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = imports.map(([from, names]) => {
    const used = [...names].filter(name => new RegExp(`\\b${name}\\b`).test(module.blocks.join('')))
    return used.length > 0 ? `import type { ${used.sort().join(', ')} } from '${from}'\n` : ''
  })
  const head = `// Generated by scripts/schema from the Go types of Kubernetes ${facts.version}. Do not edit.\n`
  return [`${head}${lines.join('')}`, ...module.blocks].join('\n')
}

for (let index = 0; index < facts.types.length; index++) addType(index)
for (const file of await readdir(folder)) if (file.endsWith('.gen.ts')) await rm(join(folder, file))
for (const module of modules.values())
  await Bun.write(join(folder, `${module.name}.gen.ts`), moduleText(module))
