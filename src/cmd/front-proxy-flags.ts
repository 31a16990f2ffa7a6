import { file } from './flag-makers.ts'
import type { Flag } from './flags.ts'

/** What HTTP calls a token. */
const headerPattern = /^[!#$%&'*+.^_`|~\w-]+$/

const headers = (name: string, what: string): Flag => ({
  name,
  type: 'list',
  placeholder: 'HEADER',
  help: `${what}; with a CA file of your own only what is given here counts; repeatable`,
  check: text => {
    const wrong = text.split(',').find(each => !headerPattern.test(each.trim()))
    if (wrong !== undefined) throw new Error(`"${wrong}" is no header`)
  },
})

/** Proxies that name users, and how this server is such a proxy: names and meanings are kube-apiserver's. */
export const frontProxyFlags: readonly Flag[] = [
  file(
    'requestheader-client-ca-file',
    "authorities of proxies that name users in headers, in place of the cluster's own; read again when it changes",
  ),
  {
    name: 'requestheader-allowed-names',
    type: 'list',
    placeholder: 'NAME',
    help: 'common names of their certificates (default: front-proxy-client; all names with --requestheader-client-ca-file); repeatable',
  },
  headers(
    'requestheader-username-headers',
    "who has the user's name, the first that is there (X-Remote-User)",
  ),
  headers('requestheader-uid-headers', "who has the user's UID (X-Remote-Uid)"),
  headers('requestheader-group-headers', "who has the user's groups (X-Remote-Group)"),
  headers('requestheader-extra-headers-prefix', 'how headers with more of a user begin (X-Remote-Extra-)'),
  file(
    'proxy-client-cert-file',
    "certificate that extension servers are shown in place of the cluster's own; read again when it changes",
  ),
  file('proxy-client-key-file', 'key of --proxy-client-cert-file'),
]
