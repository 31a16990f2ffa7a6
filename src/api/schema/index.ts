import type { ObjectSchema, SchemaSource } from '../../machinery/schema/schema.ts'
import text from './facts.json' with { type: 'text' }
import type { FactsDocument } from './layout.ts'
import { FactsReader } from './reader.ts'

let reader: FactsReader | undefined

function open(): FactsReader {
  reader ??= new FactsReader(JSON.parse(text as unknown as string) as FactsDocument)
  return reader
}

/** What is known about every built-in type of Kubernetes 1.35. Read at first use; nothing is read at import. */
export const facts: SchemaSource = {
  typeNamed: name => open().typeNamed(name),
  kindSchema: (group, version, kind) => open().kindSchema(group, version, kind),
  kinds: () => open().kinds(),
}

/** The schema of a kind that is known to be there; an unknown one is a mistake in our own tables. */
export function builtinKind(group: string, version: string, kind: string): ObjectSchema {
  const schema = facts.kindSchema(group, version, kind)
  if (!schema) throw new Error(`facts.json knows no ${kind} in ${group || 'core'}/${version}`)
  return schema
}
