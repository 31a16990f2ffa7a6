#!/usr/bin/env bun
/** `bun run tests/cluster/reap.ts FOLDER`: ends all that a LAN has left behind that was opened in this folder. */
import { reapLan } from './lan.ts'

await reapLan(process.argv[2]!)
