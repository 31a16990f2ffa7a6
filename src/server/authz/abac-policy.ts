import { parseJson } from '../../machinery/codec/index.ts'
import { jsonKind } from '../../machinery/meta/json.ts'
import { messageOf } from '../../std/message.ts'

/** What a policy allows whom. `*` is any; empty is nobody and nothing. */
export interface Policy {
  readonly user: string
  readonly group: string
  readonly readonly: boolean
  readonly apiGroup: string
  readonly resource: string
  readonly namespace: string
  readonly nonResourcePath: string
}

type Fields = Readonly<Record<string, unknown>>

const version = 'abac.authorization.kubernetes.io/v1beta1'
const kind = 'Policy'
const everybody = 'system:authenticated'

/**
 * Reads the file of `--authorization-policy-file`: a JSON object in each line, a `Policy` of v1beta1 or one without a
 * version; empty lines and comments (`#`) are none (pkg/auth/authorizer/abac NewFromFile). Throws `Error` with upstream's
 * texts, which name the line.
 */
export function readPolicies(path: string, text: string): readonly Policy[] {
  return text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return []
    try {
      return [readPolicy(line)]
    } catch (error) {
      const where = `error reading policy file ${path}, line ${index + 1}: ${line}`
      throw new Error(`${where}: ${messageOf(error)}`, { cause: error })
    }
  })
}

function readPolicy(line: string): Policy {
  const found = parse(line)
  const { apiVersion = '', kind: given = '' } = found
  if (apiVersion === '' && given === '') return unversioned(found)
  if (apiVersion === version && given === kind) return versioned(found)
  throw new Error(`no kind "${String(given)}" is registered for version "${String(apiVersion)}"`)
}

function parse(line: string): Fields {
  const what = "couldn't get version/kind; json parse error: "
  let found: unknown
  try {
    found = parseJson(Buffer.from(line))
  } catch (error) {
    throw new Error(what + messageOf(error), { cause: error })
  }
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Fields
  throw new Error(`${what}json: cannot unmarshal ${jsonKind(found)} into Go value of type struct`)
}

function versioned({ spec = {} }: Fields): Policy {
  if (typeof spec !== 'object' || Array.isArray(spec))
    throw new Error(
      `json: cannot unmarshal ${jsonKind(spec)} into Go struct field Policy.spec of type v1beta1.PolicySpec`,
    )
  const read = reader((spec ?? {}) as Fields, 'PolicySpec.spec')
  const policy = {
    ...{ user: read('user'), group: read('group'), readonly: read.flag('readonly') },
    ...{ apiGroup: read('apiGroup'), resource: read('resource'), namespace: read('namespace') },
    nonResourcePath: read('nonResourcePath'),
  }
  return policy.user === '*' || policy.group === '*' ? { ...policy, user: '', group: everybody } : policy
}

/** The old form, where what is left out is everything. */
function unversioned(found: Fields): Policy {
  const read = reader(found, 'Policy')
  const [user, group] = [read('user'), read('group')]
  const [namespace, resource] = [read('namespace'), read('resource')]
  const isForAll = user === '*' || group === '*' || (user === '' && group === '')
  return {
    ...(isForAll ? { user: '', group: everybody } : { user, group }),
    readonly: read.flag('readonly'),
    apiGroup: '*',
    resource: resource || '*',
    namespace: namespace || '*',
    nonResourcePath: namespace === '' && resource === '' ? '*' : '',
  }
}

/** Reads fields of the types that upstream's Go struct gives them. */
function reader(fields: Fields, struct: string) {
  const of = (name: string, type: 'string' | 'boolean') => {
    const value = fields[name] ?? undefined
    if (value === undefined || typeof value === type) return value
    const goType = type === 'boolean' ? 'bool' : type
    throw new Error(
      `json: cannot unmarshal ${jsonKind(value)} into Go struct field ${struct}.${name} of type ${goType}`,
    )
  }
  const text = (name: string): string => String(of(name, 'string') ?? '')
  return Object.assign(text, { flag: (name: string): boolean => of(name, 'boolean') === true })
}
