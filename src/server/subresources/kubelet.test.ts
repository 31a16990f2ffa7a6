import { expect, test } from 'bun:test'
import { StatusError } from '../../machinery/status/status.ts'
import type { Authorizer, RequestContext } from '../context.ts'
import type { RestCall } from '../rest/call.ts'
import { portForwardConnector, streamConnector } from './kubelet.ts'
import { checkLogOptions } from './log-options.ts'

const tls = { cert: '', key: '' }

/** A call of somebody who gets only as far as the question whether they may. */
function callOf(verb: string): RestCall {
  const user = { username: 'reader', uid: '', groups: [], extra: {} }
  const info = {
    isResourceRequest: true,
    verb,
    resource: 'pods',
    subresource: 'exec',
    namespace: 'a',
    name: 'p',
  }
  return { context: { user, info } as unknown as RequestContext } as RestCall
}

test('a WebSocket that comes by GET needs the permission to create', async () => {
  const asked: string[] = []
  const authorizer: Authorizer = ({ info }) => {
    asked.push(info.verb)
    return { decision: 'noOpinion', reason: '' }
  }
  for (const connect of [
    streamConnector('exec', { tls, authorizer }),
    streamConnector('attach', { tls, authorizer }),
    portForwardConnector({ tls, authorizer }),
  ]) {
    await expect(connect(callOf('get'))).rejects.toMatchObject({ code: 403 })
    await expect(connect(callOf('update'))).rejects.toMatchObject({ code: 405 })
  }
  expect(asked).toEqual(['create', 'create', 'create'])
})

test("a log's options are refused with upstream's words", () => {
  const refusal = (query: string) => {
    try {
      checkLogOptions(new URLSearchParams(query), 'p')
    } catch (error) {
      return error instanceof StatusError ? `${error.code} ${error.message}` : String(error)
    }
    return undefined
  }
  expect(refusal('tailLines=5&sinceTime=2020-01-01T00:00:00Z&follow=true')).toBeUndefined()
  expect(refusal('tailLines=x')).toBe('400 strconv.ParseInt: parsing "x": invalid syntax')
  expect(refusal('limitBytes=9223372036854775808')).toBe(
    '400 strconv.ParseInt: parsing "9223372036854775808": value out of range',
  )
  expect(refusal('sinceTime=abc')).toStartWith('400 parsing time "abc"')
  expect(refusal('tailLines=-1&limitBytes=0')).toBe(
    '422 PodLogOptions "p" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0]',
  )
  expect(refusal('sinceSeconds=1&sinceTime=2020-01-01T00:00:00Z')).toContain('at most one of')
})
