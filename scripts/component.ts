#!/usr/bin/env bun
/**
 * Wraps a core WASM module as a component of a WIT world.
 *
 *   bun run scripts/component.ts CORE.wasm WORLD.wit OUT.wasm
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { componentEmbed, componentNew } from '@bytecodealliance/jco'

const [core, wit, out] = process.argv.slice(2)
if (!core || !wit || !out) throw new Error('usage: bun run scripts/component.ts CORE.wasm WORLD.wit OUT.wasm')
const embedded = await componentEmbed({
  binary: readFileSync(core),
  witSource: readFileSync(wit, 'utf8'),
  world: basename(wit, '.wit'),
  stringEncoding: 'utf8',
})
writeFileSync(out, await componentNew(embedded))
