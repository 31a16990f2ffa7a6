import { originFault, transportSecurityFault } from '../server/http/browsers.ts'
import { cipherFault, tlsVersionFault } from '../server/http/tls-choice.ts'
import { duration, durationMs } from './flag-makers.ts'
import type { Flag } from './flags.ts'

const throwing = (faultOf: (text: string) => string | undefined) => (text: string) => {
  const fault = faultOf(text)
  if (fault !== undefined) throw new Error(fault)
}

const pairPattern = /^[^,:]+,[^,:]+(:[^:]+)?$/
const goawayMax = 0.02

/** How the API is served: names and meanings are kube-apiserver's. */
export const servingFlags: readonly Flag[] = [
  {
    name: 'tls-cert-file',
    type: 'string',
    placeholder: 'FILE',
    help: "certificate to serve instead of the cluster's own; read again when it changes",
  },
  {
    name: 'tls-private-key-file',
    type: 'string',
    placeholder: 'FILE',
    help: 'key of --tls-cert-file',
  },
  {
    name: 'tls-sni-cert-key',
    type: 'list',
    keepsCommas: true,
    placeholder: 'CERT,KEY[:NAMES]',
    help: 'certificate and key for clients that ask for these names, or for those that it carries; repeatable',
    check: text => {
      if (!pairPattern.test(text)) throw new Error(`"${text}" is not CERT,KEY or CERT,KEY:NAME,NAME`)
    },
  },
  {
    name: 'tls-cipher-suites',
    type: 'list',
    placeholder: 'NAME',
    help: "cipher suites of TLS 1.2, by their IANA names (default: Bun's); repeatable",
    check: text => throwing(cipherFault)(text),
  },
  {
    name: 'tls-min-version',
    type: 'string',
    placeholder: 'VERSION',
    default: 'VersionTLS12',
    help: 'VersionTLS12 or VersionTLS13',
    check: throwing(tlsVersionFault),
  },
  {
    name: 'goaway-chance',
    type: 'string',
    placeholder: 'PART',
    default: '0',
    help: 'part of the requests (at most 0.02) after which an HTTP/2 client is told to connect anew, to spread load',
    check: text => {
      if (!(/^\d*\.?\d+$/.test(text) && Number(text) <= goawayMax))
        throw new Error(`"${text}" is not a number between 0 and ${goawayMax}`)
    },
  },
  {
    name: 'disable-http2-serving',
    type: 'boolean',
    default: false,
    help: 'serve HTTP/1.1 alone',
  },
  {
    name: 'request-timeout',
    type: 'string',
    placeholder: 'DURATION',
    default: '1m0s',
    help: 'a request that is not done after so long is answered 504; watches, logs and the like excepted',
    check: text => {
      duration(text)
      if (durationMs(text) === 0) throw new Error('a request needs some time')
    },
  },
  {
    name: 'cors-allowed-origins',
    type: 'list',
    placeholder: 'PATTERN',
    help: 'origins whose pages may ask, as regular expressions of Go that hold the whole host; repeatable',
    check: text => text.split(',').forEach(throwing(originFault)),
  },
  {
    name: 'strict-transport-security-directives',
    type: 'list',
    placeholder: 'WORD',
    help: 'what browsers are told of TLS: max-age=SECONDS, includeSubDomains, preload',
    check: text => text.split(',').forEach(throwing(transportSecurityFault)),
  },
  {
    name: 'min-request-timeout',
    type: 'integer',
    placeholder: 'SECONDS',
    default: 1800,
    help: 'a watch that names no timeoutSeconds lasts between once and twice so long',
  },
  {
    name: 'http2-max-streams-per-connection',
    type: 'integer',
    placeholder: 'N',
    default: 250,
    help: 'requests of one HTTP/2 connection at a time; 0 is 250',
  },
]
