import { isMap } from '../../machinery/meta/json.ts'
import { isInteger, isNumber } from '../../std/exact-json.ts'
import { type Path, type PathNode, parseJsonPath, type Slice } from './json-path-parser.ts'

/**
 * A reader of kubectl's JSONPath (client-go util/jsonpath), written without its braces: fields, wildcards, `..`,
 * slices, unions and filters. It gives the first of what it finds; undefined where that is nothing, and where the
 * object is of another form. There is no reader where the text is no path.
 */
export function jsonPathReader(text: string): ((object: unknown) => unknown) | undefined {
  const nodes = parseJsonPath(text)
  return nodes && (object => firstOf(nodes, object))
}

/** As `jsonPathReader`; what is no path finds nothing. */
export function jsonPath(text: string): (object: unknown) => unknown {
  return jsonPathReader(text) ?? (() => undefined)
}

/** The object is not of the form that the path asks for. */
class MisfitError extends Error {}

function firstOf(nodes: Path, object: unknown): unknown {
  try {
    return walk(nodes, [object])[0]
  } catch (error) {
    if (error instanceof MisfitError) return undefined
    throw error
  }
}

function walk(nodes: Path, values: readonly unknown[]): readonly unknown[] {
  return nodes.reduce((found, node) => visit(node, found), values)
}

function visit(node: PathNode, values: readonly unknown[]): readonly unknown[] {
  switch (node.type) {
    case 'field':
      return values.flatMap(value =>
        isMap(value) && Object.hasOwn(value, node.name) ? [value[node.name]] : [],
      )
    case 'wildcard':
      return values.flatMap(partsOf)
    case 'recursive':
      return values.flatMap(descend)
    case 'slice':
      return values.flatMap(value => (value === null ? [] : sliceOf(value, node.slice)))
    case 'union':
      return node.paths.flatMap(path => walk(path, values))
    case 'literal':
      return values.map(() => node.value)
    case 'filter':
      return values.flatMap(value => listOf(value).filter(item => passes(node, item)))
    default:
      throw new MisfitError(node.name)
  }
}

function partsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isMap(value) ? Object.values(value) : []
}

/** Whatever holds something, itself first. */
function descend(value: unknown): unknown[] {
  const parts = partsOf(value)
  return parts.length === 0 ? [] : [value, ...parts.flatMap(descend)]
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw new MisfitError('no list')
}

function sliceOf(value: unknown, { start = 0, end, step = 1, isSingle }: Slice): unknown[] {
  const list = listOf(value)
  const { length } = list
  const first = start < 0 ? start + length : start
  let last = end ?? length
  if (last < 0 || (last === 0 && isSingle)) last += length
  if (first === last) return []
  const isWithin = first >= 0 && first < length && last >= first && last <= length
  if (!isWithin || step <= 0) throw new MisfitError('out of bounds')
  return list.slice(first, last).filter((_item, index) => index % step === 0)
}

function passes({ left, operator, right }: Extract<PathNode, { type: 'filter' }>, item: unknown): boolean {
  if (operator === 'exists') return hasAny(left, item)
  const [one, other] = [single(left, item), single(right, item)]
  return one !== undefined && other !== undefined && compare(one.value, operator, other.value)
}

function hasAny(path: Path, item: unknown): boolean {
  try {
    return walk(path, [item]).length > 0
  } catch (error) {
    if (error instanceof MisfitError) return false
    throw error
  }
}

function single(path: Path, item: unknown): { readonly value: unknown } | undefined {
  const found = walk(path, [item])
  if (found.length > 1) throw new MisfitError('more than one')
  return found.length === 0 ? undefined : { value: found[0] }
}

function compare(a: unknown, operator: string, b: unknown): boolean {
  const kind = kindOf(a)
  if (kind !== kindOf(b)) throw new MisfitError('of two kinds')
  const [one, other] = [a as number, b as number]
  if (operator === '==') return one === other
  if (operator === '!=') return one !== other
  if (kind === 'bool') throw new MisfitError('without an order')
  if (operator === '<') return one < other
  if (operator === '<=') return one <= other
  if (operator === '>') return one > other
  if (operator === '>=') return one >= other
  throw new MisfitError(operator)
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (isInteger(value)) return 'int'
  if (isNumber(value)) return 'float'
  throw new MisfitError('not to be compared')
}
