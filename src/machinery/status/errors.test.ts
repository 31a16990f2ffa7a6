import { describe, expect, test } from 'bun:test'
import * as errors from './errors.ts'

const pods = { group: '', resource: 'pods' }
const deployments = { group: 'apps', resource: 'deployments' }

describe('status errors', () => {
  test.each([
    [errors.notFound(pods, 'x'), 404, 'NotFound', 'pods "x" not found'],
    [errors.notFound(deployments, 'x'), 404, 'NotFound', 'deployments.apps "x" not found'],
    [errors.alreadyExists(pods, 'x'), 409, 'AlreadyExists', 'pods "x" already exists'],
    [
      errors.conflict(pods, 'x'),
      409,
      'Conflict',
      'Operation cannot be fulfilled on pods "x": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [errors.forbidden(pods, 'x', 'no'), 403, 'Forbidden', 'pods "x" is forbidden: no'],
    [errors.forbidden(pods, '', 'no'), 403, 'Forbidden', 'pods is forbidden: no'],
    [errors.unauthorized(), 401, 'Unauthorized', 'Unauthorized'],
    [
      errors.methodNotSupported(pods, 'patch'),
      405,
      'MethodNotAllowed',
      'patch is not supported on resources of kind "pods"',
    ],
    [errors.resourceVersionTooOld(3, 7), 410, 'Expired', 'too old resource version: 3 (7)'],
    [errors.internalError('boom'), 500, 'InternalError', 'Internal error occurred: boom'],
    [errors.timeout('slow'), 504, 'Timeout', 'Timeout: slow'],
    [
      errors.serverTimeout(pods, 'get'),
      500,
      'ServerTimeout',
      'The get operation against pods could not be completed at this time, please try again.',
    ],
    [
      errors.requestEntityTooLarge('limit is 3145728'),
      413,
      'RequestEntityTooLarge',
      'Request entity too large: limit is 3145728',
    ],
    [
      errors.notAcceptable(['a/b', 'c/d']),
      406,
      'NotAcceptable',
      'only the following media types are accepted: a/b, c/d',
    ],
    [errors.notImplemented('volume type nfs'), 501, 'NotImplemented', 'volume type nfs is not implemented'],
  ] as const)('%s', (error, code, reason, message) => {
    expect(error.status).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code,
      reason,
      message,
    })
    expect(error.message).toBe(message)
  })

  test('details name group and plural, and leave out what is empty', () => {
    expect(errors.notFound(deployments, 'x').status.details).toEqual({
      name: 'x',
      group: 'apps',
      kind: 'deployments',
    })
    expect(errors.notFound(pods, 'x').status.details).toEqual({ name: 'x', kind: 'pods' })
    expect(errors.tooManyRequests('later', 2).status.details).toEqual({ retryAfterSeconds: 2 })
  })

  test('members come in the order in which Go prints them', () => {
    const members = Object.keys(errors.notFound(pods, 'x').status)
    expect(members).toEqual([
      'kind',
      'apiVersion',
      'metadata',
      'status',
      'message',
      'reason',
      'details',
      'code',
    ])
    expect(Object.keys(errors.successStatus({ name: 'x' })).slice(-2)).toEqual(['details', 'code'])
  })

  test('invalid tells one complaint plainly, several in brackets, and equal ones once', () => {
    const required = {
      type: 'FieldValueRequired',
      field: 'spec.containers',
      message: 'Required value',
    } as const
    const other = { type: 'FieldValueInvalid', field: 'spec.x', message: 'Invalid value: 1' } as const
    const one = errors.invalid({ group: '', kind: 'Pod' }, 'x', [required])
    expect(one.message).toBe('Pod "x" is invalid: spec.containers: Required value')
    expect(one.status.details).toEqual({
      name: 'x',
      kind: 'Pod',
      causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' }],
    })
    const several = errors.invalid({ group: 'apps', kind: 'Deployment' }, 'x', [required, required, other])
    expect(several.message).toBe(
      'Deployment.apps "x" is invalid: [spec.containers: Required value, spec.x: Invalid value: 1]',
    )
    expect(several.status.details?.causes).toHaveLength(3)
  })

  test('a denied request says who may not do what, where', () => {
    const denied = { user: 'u', verb: 'get', resource: 'pods', namespace: 'ns', name: 'p' }
    expect(errors.accessDenied(denied).message).toBe(
      'pods "p" is forbidden: User "u" cannot get resource "pods" in API group "" in the namespace "ns"',
    )
    expect(
      errors.accessDenied({ user: 'u', verb: 'list', group: 'apps', resource: 'x', subresource: 's' }, 'why')
        .message,
    ).toBe(
      'x.apps is forbidden: User "u" cannot list resource "x/s" in API group "apps" at the cluster scope: why',
    )
    expect(errors.accessDenied({ user: '<u>', verb: 'get', path: '/metrics' }).message).toBe(
      'forbidden: User "&lt;u&gt;" cannot get path "/metrics"',
    )
  })

  test('helpers know their own kind of failure only', () => {
    expect(errors.isNotFound(errors.notFound(pods, 'x'))).toBe(true)
    expect(errors.isNotFound(new Error('not found'))).toBe(false)
    expect(errors.isGone(errors.expired('old'))).toBe(true)
    expect(errors.isGone(errors.gone('old'))).toBe(true)
    expect(errors.isConflict(errors.alreadyExists(pods, 'x'))).toBe(false)
  })
})

test('what was too much has details only where it is known how long to wait', () => {
  expect(errors.tooManyRequests('slow down', 2).status.details).toEqual({ retryAfterSeconds: 2 })
  expect(errors.tooManyRequests('slow down').status).not.toHaveProperty('details')
})
