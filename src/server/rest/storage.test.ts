import { expect, test } from 'bun:test'
import { StatusError } from '../../machinery/status/status.ts'
import { StoreRefusedError, StoreUnavailableError } from '../../storage/store.ts'
import { asUnavailable } from './storage.ts'

test('a store that cannot is a 503, one that will not a 500 in its own words, as stock says it', () => {
  const { status: away } = asUnavailable(new StoreUnavailableError('etcd: gone')) as StatusError
  expect(away).toMatchObject({ code: 503, reason: 'ServiceUnavailable', message: 'etcd: gone' })
  const full = asUnavailable(new StoreRefusedError('etcdserver: mvcc: database space exceeded'))
  expect(full).toBeInstanceOf(StatusError)
  const { status } = full as StatusError
  expect(status).toMatchObject({ code: 500, message: 'etcdserver: mvcc: database space exceeded' })
  expect(status.reason).toBeUndefined()
  const other = new Error('other')
  expect(asUnavailable(other)).toBe(other)
})
