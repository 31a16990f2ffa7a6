import { expect, test } from 'bun:test'
import { createSharedMaking } from './shared-making.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

test('what many ask for is made once, one document after the other, and a failure stops nobody', async () => {
  const share = createSharedMaking()
  const begun: string[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const ask = (key: string) =>
    share(key, async () => {
      begun.push(key)
      const gate = Promise.withResolvers<void>()
      gates.set(key, gate)
      await gate.promise
      return bytes(key)
    })
  const turn = () => new Promise<void>(resolve => setImmediate(resolve))
  const first = [ask('a'), ask('a')]
  const second = ask('b').catch(error => String(error))
  const third = ask('c')
  await turn()
  expect(begun).toEqual(['a'])
  gates.get('a')!.resolve()
  const [one, other] = await Promise.all(first)
  expect(one).toBe(other!)
  await turn()
  expect(begun).toEqual(['a', 'b'])
  gates.get('b')!.reject(new Error('broken'))
  expect(await second).toBe('Error: broken')
  await turn()
  gates.get('c')!.resolve()
  expect(Buffer.from(await third).toString()).toBe('c')
  expect(await ask('a')).toBe(one!)
  expect(begun).toEqual(['a', 'b', 'c'])
})
