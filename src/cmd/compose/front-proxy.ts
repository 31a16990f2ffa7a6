import type { FrontProxy } from '../../server/aggregation/front-proxy.ts'
import { type RequestHeaders, usualRequestHeaders } from '../../server/authn/front-proxy.ts'
import { certificatesIn, type KeyPair } from '../../server/pki/certificate.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { Logger, Ports } from '../../std/ports.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { type KeyPairFiles, keyPairFiles, openKeyPair } from './key-pair.ts'

/** Which proxies may name users, and what this server shows where it is one. */
export interface FrontProxySource {
  /** Of the authorities of proxies; undefined: the cluster's own. */
  readonly caFile: string | undefined
  readonly rules: RequestHeaders
  /** What extension servers are shown; undefined: the cluster's own. */
  readonly client: KeyPairFiles | undefined
}

/** Reads the flags. With a file of authorities nothing is believed that no flag names, as upstream. */
export function frontProxySource(flags: FlagReader): FrontProxySource {
  const caFile = flags.optional('requestheader-client-ca-file')
  const list = (flag: string, usual: readonly string[]) => {
    const isGiven = flags.optional(flag) !== undefined
    return isGiven || caFile !== undefined ? flags.list(flag).map(each => each.trim()) : usual
  }
  return {
    caFile,
    rules: {
      allowedNames: list('requestheader-allowed-names', usualRequestHeaders.allowedNames),
      username: list('requestheader-username-headers', usualRequestHeaders.username),
      uid: uidHeaders(flags, list),
      group: list('requestheader-group-headers', usualRequestHeaders.group),
      extraPrefix: list('requestheader-extra-headers-prefix', usualRequestHeaders.extraPrefix),
    },
    client: keyPairFiles(flags, 'proxy-client-cert-file', 'proxy-client-key-file'),
  }
}

type ReadList = (flag: string, usual: readonly string[]) => readonly string[]

function uidHeaders(flags: FlagReader, list: ReadList): readonly string[] {
  const flag = 'requestheader-uid-headers'
  const isGiven = flags.optional(flag) !== undefined
  const headers = list(flag, usualRequestHeaders.uid)
  if (isGiven && !holds(headers, usualRequestHeaders.uid))
    throw new UserError(
      `--${flag} is set without specifying the standard X-Remote-Uid header - API aggregation will not work`,
    )
  return headers
}

/** Says which headers extension servers could not be told users by. */
function warnOfMissing({ rules }: FrontProxySource, log: Logger): void {
  const told = [
    ['username-headers', 'username', 'X-Remote-User header'],
    ['group-headers', 'group', 'X-Remote-Group header'],
    ['extra-headers-prefix', 'extraPrefix', 'X-Remote-Extra- header prefix'],
  ] as const
  for (const [flag, field, standard] of told) {
    if (rules[field].length > 0 && !holds(rules[field], usualRequestHeaders[field]))
      log.warn(
        `--requestheader-${flag} is set without specifying the standard ${standard} - API aggregation will not work`,
      )
  }
}

function holds(headers: readonly string[], usual: readonly string[]): boolean {
  const known = headers.map(each => each.toLowerCase())
  return usual.every(each => known.includes(each.toLowerCase()))
}

interface Keys {
  /** As this server keeps them. */
  readonly own: () => Pki
  /** With what flags make of them. */
  readonly trusted: () => Pki
  readonly changed: () => void
}

/**
 * How this server shows itself to extension servers, and whom it tells them to believe: the authorities of the flags, and
 * the cluster's own as long as that is who signs what is shown. The pair is read again when it changes.
 */
export async function openFrontProxy(
  source: FrontProxySource,
  { own, trusted, changed }: Keys,
  ports: Ports,
  signal: AbortSignal,
): Promise<() => FrontProxy> {
  const { caFile, client, rules } = source
  requireApart(source, trusted())
  warnOfMissing(source, ports.log)
  let given: KeyPair | undefined
  const take = (pair: KeyPair) => {
    given = pair
    changed()
  }
  if (client) await openKeyPair(client, take, ports, signal)
  const { allowedNames } = usualRequestHeaders
  const isOwnShown = client === undefined && caFile !== undefined
  const names = isOwnShown && rules.allowedNames.length > 0 ? allowedNames : []
  const requestHeaders = { ...rules, allowedNames: [...rules.allowedNames, ...names] }
  return () => {
    const { certificate, key } = given ?? own().certificates.get('client-auth-proxy')!
    const ca = trusted().authorities['request-header-ca'].certificate
    const further = isOwnShown ? own().authorities['request-header-ca'].certificate : ''
    return {
      ...{ cert: certificate, key, requestHeaders },
      requestHeaderCa: `${ca.trimEnd()}\n${further}`,
      clientCa: trusted().authorities['client-ca'].certificate,
    }
  }
}

/** Any user's certificate could name any user otherwise. */
function requireApart({ caFile, rules }: FrontProxySource, { authorities }: Pki): void {
  if (caFile === undefined || rules.allowedNames.length > 0) return
  const [users, proxies] = [authorities['client-ca'], authorities['request-header-ca']].map(each =>
    certificatesIn(each.certificate).map(({ fingerprint256 }) => fingerprint256),
  )
  if (proxies!.some(each => users!.includes(each)))
    throw new UserError(
      '--requestheader-client-ca-file and --client-ca-file contain overlapping certificates; --requestheader-allowed-names must be specified to ensure regular client certificates cannot set authenticating proxy headers for arbitrary users',
    )
}
