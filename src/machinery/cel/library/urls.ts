/** URLs as Go reads them (apiserver pkg/cel/library/urls.go). */
import { quote } from '../../meta/quote.ts'
import { CelError } from '../language/errors.ts'
import { boolType, listOf, mapOf, stringType, structType } from '../language/type.ts'
import { LiteralMap, type StructValue } from '../language/value.ts'
import { type Functions, global, member } from './declare.ts'

const urlType = structType('kubernetes.URL')

class Url implements StructValue {
  readonly typeName = 'kubernetes.URL'
  readonly text: string
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string
  constructor(text: string) {
    const [, scheme = '', , host = '', path = '', query = ''] = shape.exec(text) ?? []
    this.text = text
    this.scheme = scheme.toLowerCase()
    this.host = host.replace(/^.*@/, '')
    this.path = path
    this.query = query
  }
  equals(other: StructValue): boolean {
    return (other as Url).text === this.text
  }
}

const shape = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/s
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a URL must not have.
const control = /[\x00-\x1f\x7f]/

/** Why a text is no absolute URL or path, in Go's words. */
export function urlFault(text: string): string | undefined {
  const parse = (why: string) => `parse ${quote(text)}: ${why}`
  if (control.test(text)) return parse('net/url: invalid control character in URL')
  if (text === '') return parse('empty url')
  const [, scheme, authority, host = '', path = ''] = shape.exec(text) ?? []
  if (scheme === undefined && text.startsWith(':')) return parse('missing protocol scheme')
  if (scheme === undefined && !text.startsWith('/')) return parse('invalid URI for request')
  if (scheme !== undefined && authority === undefined && !path.startsWith('/'))
    return parse('invalid URI for request')
  const bad = /[ "<>\\^`{|}]/.exec(host)
  if (bad) return parse(`invalid character ${quote(bad[0])} in host name`)
  const port = /:([^\]:]*)$/.exec(host.replace(/^.*@/, ''))
  if (port && !/^\d*$/.test(port[1]!)) return parse(`invalid port ${quote(port[0])} after host`)
  const wrongEscape = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(path)
  return wrongEscape ? parse(`invalid URL escape ${quote(wrongEscape[0])}`) : undefined
}

function toUrl(text: string): Url {
  const fault = urlFault(text)
  if (fault) throw new CelError(`URL parse error during conversion from string: ${fault}`)
  return new Url(text)
}

const unsafe = /[^A-Za-z0-9\-_.~$&+,/:;=@!'()*%]/gu

function escapedPath({ path }: Url): string {
  return path.replace(unsafe, encodeURIComponent)
}

function queryOf({ query }: Url): LiteralMap {
  const given = new URLSearchParams(query)
  return new LiteralMap(Array.from(new Set(given.keys()), key => [key, given.getAll(key)] as const))
}

const getter = (id: string, read: (url: Url) => string) => [member(id, [urlType], stringType, read)]

export const urls: Functions = {
  url: [global('string_to_url', [stringType], urlType, toUrl)],
  isURL: [global('is_url_string', [stringType], boolType, (text: string) => urlFault(text) === undefined)],
  getScheme: getter('url_get_scheme', ({ scheme }) => scheme),
  getHost: getter('url_get_host', ({ host }) => host),
  getHostname: getter('url_get_hostname', ({ host }) => host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '')),
  getPort: getter('url_get_port', ({ host }) => /:(\d*)$/.exec(host)?.[1] ?? ''),
  getEscapedPath: getter('url_get_escaped_path', escapedPath),
  getQuery: [member('url_get_query', [urlType], mapOf(stringType, listOf(stringType)), queryOf)],
}
