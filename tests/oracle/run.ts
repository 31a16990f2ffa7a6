#!/usr/bin/env bun
/**
 * Sends the same requests to Hutch and to a stock control plane and compares the answers field by field.
 *
 *   scripts/oracle [--only TEXT] [--listed] [--variant NAME] [HUTCH_KUBECONFIG STOCK_KUBECONFIG]
 *
 * Without kubeconfigs it starts both, on fresh data. `--only` takes the tracks whose name begins with TEXT, or else
 * the cases whose name holds it; `--variant` asks other things of two servers that are started otherwise (variants.ts);
 * `--listed` also tells how many differences each listed reason explains.
 */
import { parseArgs } from 'node:util'
import type { Track } from './case.ts'
import { allTracks, consultOracle, idle, lastLine, listedLines } from './consult.ts'
import { listed } from './listed.ts'
import { sideOf } from './side.ts'
import { openStage } from './stage.ts'
import { stockMissing } from './stock.ts'
import { variants } from './variants.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    listed: { type: 'boolean', default: false },
    variant: { type: 'string' },
  },
})

function chosen(tracks: Track[], only: string): Track[] {
  const named = tracks.filter(({ name }) => name.startsWith(only))
  if (named.length > 0) return [tracks[0]!, ...named.filter(track => track !== tracks[0])]
  return tracks
    .map((track, index) => ({
      ...track,
      cases: index === 0 ? track.cases : track.cases.filter(({ name }) => name.includes(only)),
    }))
    .filter(({ cases }) => cases.length > 0)
}

async function stage() {
  const [hutch, stock] = positionals
  if (hutch && stock) return { ours: sideOf(hutch), theirs: sideOf(stock), close: async () => {} }
  const missing = stockMissing()
  if (missing) throw new Error(`cannot consult the oracle: ${missing}`)
  return openStage(variant?.flags)
}

const variant = values.variant === undefined ? undefined : variants[values.variant]
if (values.variant !== undefined && !variant)
  throw new Error(`there is no variant ${values.variant}; there are ${Object.keys(variants).join(', ')}`)
const known = variant ? variant.tracks() : allTracks()
const tracks = values.only === undefined ? known : chosen(known, values.only)
const { ours, theirs, close } = await stage()
const verdict = await consultOracle(ours, theirs, tracks, variant ? variant.listed : listed).finally(close)
for (const place of verdict.unlisted) console.log(place)
if (values.listed) for (const line of listedLines(verdict.listed)) console.log(line)
const stale = values.only === undefined ? idle(verdict) : []
for (const pattern of stale) console.log(`explains nothing any more: ${pattern}`)
console.log(lastLine(verdict))
process.exitCode = verdict.unlisted.length + stale.length > 0 ? 1 : 0
