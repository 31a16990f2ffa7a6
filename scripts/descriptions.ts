#!/usr/bin/env bun
/**
 * Takes what upstream says about its types and fields from the OpenAPI document that the Go module k8s.io/kubernetes
 * carries, for `kubectl explain`. Written to `~/.cache/hutch/openapi/descriptions.json.gz` (or to the path that is
 * given), which is never committed; without it documents go without descriptions.
 *
 *   bun run scripts/descriptions.ts [OUTPUT]
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Descriptions } from '../src/server/openapi/descriptions.ts'

const root = join(import.meta.dir, '..')
const module = 'k8s.io/kubernetes@v1.35.4'

interface Swagger {
  definitions: Record<string, { description?: string; properties?: Record<string, { description?: string }> }>
  paths: Record<string, object>
  parameters?: Record<string, Parameter>
}

interface Operation {
  parameters?: Parameter[]
}

interface Parameter {
  name: string
  in: string
  description?: string
}

function run(...command: string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command, { cwd: join(root, 'scripts/schema') })
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  return stdout.toString().trim()
}

function moduleFile(path: string): string {
  if (!Bun.which('go')) throw new Error('Go is needed to find the module k8s.io/kubernetes')
  const file = join(run('go', 'env', 'GOMODCACHE'), module, path)
  if (!existsSync(file)) run('go', 'mod', 'download', module)
  return file
}

const enumsBegin = '\n\nPossible enum values:'

/**
 * What the possible values of fields mean, by the name of the function that describes the type and the field: only a
 * running server's document has it, and the Go source that it is made from.
 */
function enumTexts(source: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let type = ''
  let field = ''
  for (const line of source.split('\n')) {
    type = /^func schema_(\w+)\(/.exec(line)?.[1] ?? type
    field = /^\t{5}"([\w$-]+)": \{$/.exec(line)?.[1] ?? field
    const [, text] = /^\t{7}Description: ("(?:[^"\\]|\\.)*"),$/.exec(line) ?? []
    const at = text?.includes('Possible enum values:') ? (JSON.parse(text) as string).indexOf(enumsBegin) : -1
    if (at >= 0) found.set(`${type} ${field}`, (JSON.parse(text!) as string).slice(at))
  }
  return found
}

/** `k8sio_api_core_v1_Pod` of `io.k8s.api.core.v1.Pod`. */
function functionOf(definition: string): string {
  return definition
    .replace(/^io\.k8s\.api\./, 'k8sio_api_')
    .replace(/^io\.k8s\.(apimachinery|kube-aggregator|apiextensions-apiserver)\./, '')
    .replaceAll('.', '_')
}

function collect(
  { definitions, paths, parameters = {} }: Swagger,
  enums: ReadonlyMap<string, string>,
): Descriptions {
  const types = Object.entries(definitions).map(([name, { description, properties = {} }]) => {
    const fields = Object.entries(properties).map(([field, property]) => [
      field,
      (property.description ?? '') + (enums.get(`${functionOf(name)} ${field}`) ?? ''),
    ])
    const all = [['', description], ...fields].filter(([, text]) => text)
    return [name, Object.fromEntries(all)]
  })
  const operations = Object.values(paths).flatMap(item => [item, ...Object.values(item)]) as Operation[]
  const found = [...Object.values(parameters), ...operations.flatMap(each => each.parameters ?? [])]
  const named = found.filter(each => each.in !== 'body' && each.description)
  return {
    types: Object.fromEntries(types),
    parameters: Object.fromEntries(named.toReversed().map(each => [each.name, each.description!])),
  }
}

const cache =
  process.env.HUTCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hutch')
const output = process.argv[2] ?? join(cache, 'openapi/descriptions.json.gz')
const swagger = (await Bun.file(moduleFile('api/openapi-spec/swagger.json')).json()) as Swagger
const generated = await Bun.file(moduleFile('pkg/generated/openapi/zz_generated.openapi.go')).text()
mkdirSync(dirname(output), { recursive: true })
const packed = gzipSync(JSON.stringify(collect(swagger, enumTexts(generated))), { level: 9 })
writeFileSync(output, packed)
console.log(`${output}: ${packed.length} bytes`)
