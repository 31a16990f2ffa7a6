import { expect, test } from 'bun:test'
import { isProxyable, requireProxyable } from './proxyable.ts'

test("addresses of the server's own machine are closed to proxies", () => {
  const closed = '127.0.0.1 ::1 ::ffff:127.0.0.1 169.254.169.254 fe80::1 0.0.0.0 :: 224.0.0.1 255.255.255.255'
  for (const address of [...closed.split(' '), '', 'localhost']) expect(isProxyable(address)).toBe(false)
  for (const address of ['10.42.0.7', '192.0.2.1', 'fd00::2', '::ffff:10.0.0.1'])
    expect(isProxyable(address)).toBe(true)
})

test('a host name is as good as all that it leads to', async () => {
  await expect(requireProxyable('localhost')).rejects.toThrow('address not allowed')
  await requireProxyable('10.42.0.7')
})
