import { parseDocument, type Tags, type YAMLError } from 'yaml'
import { quote } from '../meta/quote.ts'
import { DecodeError } from './errors.ts'

/** Aliases that one document may expand to; a "billion laughs" is refused. */
const aliasesMax = 100
/** Readings of YAML 1.1 that Go's YAML does not share: `12:30` is a text there, and so is a date. */
const foreignTags: ReadonlySet<string> = new Set([
  'tag:yaml.org,2002:timestamp',
  'tag:yaml.org,2002:binary',
  'tag:yaml.org,2002:omap',
  'tag:yaml.org,2002:pairs',
  'tag:yaml.org,2002:set',
])

export interface DecodedYaml {
  /** JSON text of the first document, ready for `decodeJson`. */
  readonly json: string
  /** Duplicate keys in upstream's words; empty unless strict. */
  readonly strictErrors: readonly string[]
}

/** Reads the first YAML document as upstream does (YAML 1.1 booleans, keys become texts) and gives it as JSON. Throws DecodeError. */
export function decodeYaml(
  body: string | Uint8Array,
  { strict = false }: { readonly strict?: boolean } = {},
): DecodedYaml {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8')
  const document = parseDocument(firstDocument(text), {
    version: '1.1',
    uniqueKeys: strict,
    prettyErrors: true,
    logLevel: 'silent',
    customTags: tags => goTags(tags),
  })
  const fatal = document.errors.find(error => error.code !== 'DUPLICATE_KEY')
  if (fatal) throw new DecodeError(`yaml: ${where(fatal)}`)
  try {
    const json = JSON.stringify(document.toJS({ maxAliasCount: aliasesMax })) ?? 'null'
    return { json, strictErrors: duplicateKeys(text, document.errors) }
  } catch (error) {
    const message = (error as Error).message
    throw new DecodeError(
      `yaml: ${message.startsWith('Excessive alias') ? 'document contains excessive aliasing' : message}`,
    )
  }
}

/** Upstream's decoder looks at no document but the first. */
function firstDocument(text: string): string {
  const rest = text.replace(/^(?:\s*(?:#[^\n]*)?\n)*---[ \t]*(?:#[^\n]*)?\n/, '')
  const end = rest.search(/^(?:---|\.\.\.)(?:\s|$)/m)
  return end < 0 ? rest : rest.slice(0, end)
}

function goTags(tags: Tags): Tags {
  return tags.filter(tag => {
    if (typeof tag === 'string') return true
    return !foreignTags.has(tag.tag) && !('format' in tag && tag.format === 'TIME')
  })
}

function where(error: YAMLError): string {
  const line = error.linePos?.[0].line
  const message = error.message.split(' at line ')[0]!
  return line === undefined ? message : `line ${line}: ${message}`
}

function duplicateKeys(text: string, errors: readonly YAMLError[]): string[] {
  const lines = errors
    .filter(error => error.code === 'DUPLICATE_KEY')
    .map(error => {
      const key = /^[^:\n]*/.exec(text.slice(error.pos[0]))?.[0].trim() ?? ''
      return `  line ${error.linePos?.[0].line ?? 0}: key ${quote(key)} already set in map`
    })
  return lines.length > 0 ? [`yaml: unmarshal errors:\n${lines.join('\n')}`] : []
}
