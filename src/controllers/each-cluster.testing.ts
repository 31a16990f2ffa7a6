import { afterEach, beforeEach, expect } from 'bun:test'
import { type ControllerTest, createNode, startControllerTest } from './testing.ts'

/** The cluster of the test that runs: a new one for each, prepared (default: with node `n1`), whose loops must end well. */
export function clusterForEach(
  prepare: (cluster: ControllerTest) => Promise<unknown> = ({ client }) => createNode(client, 'n1'),
): ControllerTest {
  let current: ControllerTest | undefined
  beforeEach(async () => {
    current = await startControllerTest()
    await prepare(current)
  })
  afterEach(async () => {
    expect(await current?.end()).toEqual([])
  })
  return new Proxy({} as ControllerTest, { get: (_target, name) => Reflect.get(current!, name) })
}
