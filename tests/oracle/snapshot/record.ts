import { readFileSync } from 'node:fs'
import { createClient } from '../../../src/client/client.ts'
import { createHttpTransport } from '../../../src/client/http-transport.ts'
import { readKubeconfig } from '../../../src/client/kubeconfig.ts'
import { type Outcome, play } from '../../../src/controllers/storage/snapshot/play.testing.ts'
import { scenarios } from '../../../src/controllers/storage/snapshot/scenarios.testing.ts'
import { silentLogger } from '../../../src/std/log.ts'
import { realPorts } from '../../../src/std/real-ports.ts'

/**
 * Plays the scenarios of volume snapshots on a real cluster, all at once, and prints what came of them: of upstream's
 * snapshot-controller it is what `recorded.json` has. `bun run tests/oracle/snapshot/record.ts KUBECONFIG [NAME...]`.
 */
const [path = '', ...chosen] = process.argv.slice(2)
const identity = readKubeconfig(readFileSync(path, 'utf8'), { readFile: name => readFileSync(name, 'utf8') })
const client = createClient(
  createHttpTransport({
    identity: () => identity,
    ports: realPorts(silentLogger),
    userAgent: 'hutch-snapshot-oracle',
  }),
)
/** Longer than upstream's controller waits between its first few tries. */
const settleMs = 20_000
const settle = () => Bun.sleep(settleMs)
const names = chosen.length > 0 ? chosen : Object.keys(scenarios)
const played = await Promise.all(
  names.map(async (name): Promise<readonly [string, Outcome | string]> => {
    try {
      return [name, await play(scenarios[name]!, { client, namespace: name, settle })]
    } catch (error) {
      return [name, String(error)]
    }
  }),
)
console.log(JSON.stringify(Object.fromEntries(played), null, 1))
