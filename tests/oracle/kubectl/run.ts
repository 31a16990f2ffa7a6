#!/usr/bin/env bun
/**
 * Types the same lines into a terminal of Hutch and of a stock control plane and compares what is printed.
 *
 *   bun run tests/oracle/kubectl/run.ts [--only NAME,…] [--kubectl FOLDER] [--listed]
 *
 * `--only` takes the transcripts with these names, separated by commas; `--kubectl` names the folder of another kubectl;
 * `--listed` also tells how many differences each listed reason explains.
 */
import { parseArgs } from 'node:util'
import { judge, listedLines, sumOf } from '../consult.ts'
import { openStage } from '../scenarios/stage.ts'
import { stockPrograms } from '../stock.ts'
import { listedScreens } from './listed.ts'
import { playerOn, playUntilSure } from './play-until-sure.ts'
import { allTranscripts, linesOf } from './transcript.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    kubectl: { type: 'string', default: stockPrograms },
    listed: { type: 'boolean', default: false },
  },
})
const stage = await openStage()
const names = values.only === '' ? undefined : values.only.split(',')
const chosen = allTranscripts().filter(({ name }) => !names || names.includes(name))
const tell = (place: string) => {
  if (judge([place], listedScreens).unlisted.length > 0) console.log(place)
}
const player = playerOn(stage, { programs: values.kubectl, tell })
const places = await playUntilSure(player, chosen).finally(() => stage.close())
const { unlisted, listed } = judge(places, listedScreens)
if (values.listed) for (const line of listedLines(listed)) console.log(line)
console.log(
  `kubectl: ${linesOf(chosen)} lines, ${unlisted.length} unlisted differences, ${sumOf(listed)} listed`,
)
process.exitCode = unlisted.length > 0 ? 1 : 0
