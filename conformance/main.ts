#!/usr/bin/env bun
/** `scripts/conformance`: starts a run in a session of its own, shows how far it is, stops it, cleans up. */
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lanMissing, reapLan } from '../tests/cluster/lan.ts'
import { buildImages, buildPrograms } from './build.ts'
import { conformanceNames } from './names.ts'
import { type Options, parseOptions, usage } from './options.ts'
import { merge, readResults, recorded, writeResults } from './results.ts'
import type { Progress } from './runner.ts'
import { makeStateDir, paths, runnerPid } from './state.ts'

const { command, foreground, options } = parsed()

switch (command) {
  case 'help':
    console.log(usage)
    break
  case 'build':
    await buildPrograms(console.log)
    for (const missing of await buildImages(console.log)) console.log(`SKIP image ${missing}`)
    break
  case 'status':
    console.log(status())
    break
  case 'follow':
    await follow()
    break
  case 'stop':
    await stopRunner()
    console.log(status())
    break
  case 'clean':
    await stopRunner()
    await reapLan(paths.lan)
    rmSync(paths.tree, { recursive: true, force: true })
    break
  case 'page':
    writeResults(merge(await conformanceNames(), readResults(), recorded()))
    break
  case 'run':
    await start(options, foreground)
}

function parsed() {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`scripts/conformance: ${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
}

async function start(asked: Options, inForeground: boolean): Promise<void> {
  const why =
    lanMissing() ?? (runnerPid() === undefined ? undefined : `a run goes on: process ${runnerPid()}`)
  if (why) {
    console.error(`scripts/conformance: ${why}`)
    process.exit(1)
  }
  makeStateDir()
  writeFileSync(paths.options, JSON.stringify(asked))
  const output = openSync(paths.said, 'w')
  const child = Bun.spawn([process.execPath, 'run', join(import.meta.dir, 'runner.ts')], {
    ...{ stdin: 'ignore', stdout: output, stderr: output, detached: true },
  })
  writeFileSync(paths.runner, String(child.pid))
  child.unref()
  console.log(
    `started, process ${child.pid}; scripts/conformance --status | --follow | --stop; it says: ${paths.said}`,
  )
  if (inForeground) await follow()
}

async function stopRunner(): Promise<void> {
  const pid = runnerPid()
  if (pid === undefined) return
  process.kill(pid, 'SIGTERM')
  for (let tries = 0; tries < 60 && runnerPid() !== undefined; tries++) await Bun.sleep(1000)
  if (runnerPid() === undefined) return
  process.kill(pid, 'SIGKILL')
  await reapLan(paths.lan)
}

async function follow(): Promise<void> {
  let shown = ''
  while (runnerPid() !== undefined) {
    const now = status()
    if (now !== shown) console.log(now)
    shown = now
    await Bun.sleep(2000)
  }
  console.log(status())
}

/** One line: what is going on, counts, and the time left at the rate so far. */
function status(): string {
  if (!existsSync(paths.progress)) return 'nothing has been run here'
  const progress = JSON.parse(readFileSync(paths.progress, 'utf8')) as Progress
  const { total, passed, failed, startedMs } = progress
  const state = runnerPid() === undefined && progress.state !== 'done' ? 'stopped' : progress.state
  const done = passed + failed
  const passedMs = Date.now() - startedMs
  const left = state === 'running' && done > 0 ? ((total - done) * passedMs) / done : undefined
  const leftText = left === undefined ? '' : `, about ${Math.ceil(left / 60_000)} min left`
  return `${state}: ${done} of ${total} done, ${passed} passed, ${failed} failed${leftText}`
}
