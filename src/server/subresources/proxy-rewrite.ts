import type { Response as Answer } from '../context.ts'

/** Attributes of HTML elements that hold an address (upstream util/proxy/transport.go). */
const addressAttributes: Readonly<Record<string, readonly string[]>> = {
  ...{ a: ['href'], applet: ['codebase'], area: ['href'], audio: ['src'], base: ['href'] },
  ...{ blockquote: ['cite'], body: ['background'], button: ['formaction'], command: ['icon'], del: ['cite'] },
  ...{ embed: ['src'], form: ['action'], frame: ['longdesc', 'src'], head: ['profile'], html: ['manifest'] },
  ...{ iframe: ['longdesc', 'src'], img: ['longdesc', 'src', 'usemap'], ins: ['cite'], link: ['href'] },
  ...{ input: ['src', 'usemap', 'formaction'], object: ['classid', 'codebase', 'data', 'usemap'] },
  ...{ q: ['cite'], script: ['src'], source: ['src'], video: ['poster', 'src'] },
}

/** Where a proxied page comes from, and where its readers see it. */
export interface ProxiedPage {
  /** `/api/v1/namespaces/a/pods/b/proxy` */
  readonly prefix: string
  /** Hosts that mean the backend: its own address, and the one that the client asked. */
  readonly hosts: readonly string[]
}

type Raw = Extract<Answer, { kind: 'raw' }>

/** Leads redirects and the links of HTML pages through the proxy (upstream util/proxy Transport). */
export function rewriteAnswer(answer: Raw, page: ProxiedPage): Raw {
  const { location, ...others } = answer.headers ?? {}
  if (location) return { ...answer, headers: { ...others, location: rewriteAddress(location, page) } }
  const encoding = answer.headers?.['content-encoding'] ?? ''
  if (answer.contentType.split(';')[0]!.trim() !== 'text/html' || encoding !== '') return answer
  const rewriter = new HTMLRewriter()
  for (const [element, attributes] of Object.entries(addressAttributes))
    rewriter.on(element, {
      element(found) {
        for (const name of attributes) {
          const value = found.getAttribute(name)
          if (value) found.setAttribute(name, rewriteAddress(value, page))
        }
      },
    })
  const body = rewriter.transform(new Response(answer.body as ConstructorParameters<typeof Response>[0])).body
  return { ...answer, body: body ?? '' }
}

/** An absolute path on the backend as a path below the proxy; anything else stays as it is. */
export function rewriteAddress(text: string, { prefix, hosts }: ProxiedPage): string {
  const parts = /^(?:([a-z][a-z\d+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is.exec(text)
  const [, , host, path = '', rest = ''] = parts ?? []
  if ((host && !hosts.includes(host)) || !path.startsWith('/')) return text
  return `${path.startsWith(prefix) ? '' : prefix}${path}${rest}`
}
