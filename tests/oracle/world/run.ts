#!/usr/bin/env bun
/**
 * Gives Hutch and a stock control plane the CustomResourceDefinitions that lie in some folders, and objects of their
 * kinds: those that lie beside them, and good and bad ones made from their schemas. Compares all answers.
 *
 *   bun run tests/oracle/world/run.ts [--only TEXT] [--config HUTCH_KUBECONFIG --config STOCK_KUBECONFIG] FOLDER...
 */
import { parseArgs } from 'node:util'
import { consultOracle, lastLine } from '../consult.ts'
import { listed } from '../listed.ts'
import { sideOf } from '../side.ts'
import { openStage } from '../stage.ts'
import { inAnyOrder } from './any-order.ts'
import { definitionTracks } from './definition-tracks.ts'
import { readManifests } from './manifests.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, config: { type: 'string', multiple: true, default: [] } },
})
const [hutch, stock] = values.config
const [opening, ...tracks] = definitionTracks(readManifests(positionals))
const chosen = tracks.filter(({ name }) => name.includes(values.only))
const stage =
  hutch && stock ? { ours: sideOf(hutch), theirs: sideOf(stock), close: async () => {} } : await openStage()
const [ours, theirs] = [inAnyOrder(stage.ours), inAnyOrder(stage.theirs)]
const verdict = await consultOracle(ours, theirs, [opening!, ...chosen], listed).finally(stage.close)
for (const place of verdict.unlisted) console.log(place)
console.log(lastLine(verdict))
process.exitCode = verdict.unlisted.length > 0 ? 1 : 0
