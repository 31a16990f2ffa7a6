import { formatGroupResource, type GroupResource } from './errors.ts'
import { StatusError, type StatusReason } from './status.ts'

type Meaning = readonly [reason: StatusReason | undefined, message: string]

const byCode: Readonly<Record<number, Meaning>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  409: ['Conflict', 'the server reported a conflict'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
}

const ownWords: Readonly<Record<number, StatusReason>> = {
  403: 'Forbidden',
  406: 'NotAcceptable',
  415: 'UnsupportedMediaType',
}

/** What an answer that is no Status means: its code and its plain text (apimachinery NewGenericServerResponse). */
export function genericMeaning(code: number, said: string): Meaning {
  if (ownWords[code]) return [ownWords[code], said || 'unknown']
  if (byCode[code]) return byCode[code]
  if (code >= 500)
    return [
      'InternalError',
      `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`,
    ]
  return [undefined, `the server responded with the status code ${code} but did not return more information`]
}

/** The same as an error about a named object of `gr`. */
export function genericFailure(code: number, gr: GroupResource, name: string, said: string): StatusError {
  const [reason, message] = genericMeaning(code, said)
  const { group, resource } = gr
  return new StatusError({
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
    message: `${message} ( ${formatGroupResource(gr)} ${name})`,
    ...(reason && { reason }),
    details: { name, ...(group && { group }), kind: resource },
    code,
  })
}
