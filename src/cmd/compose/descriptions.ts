import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Descriptions } from '../../server/openapi/descriptions.ts'

const name = 'descriptions.json.gz'

/** Inside or beside the program where it is one file, where `scripts/descriptions.ts` puts it otherwise. */
const places = [
  join(import.meta.dir, name),
  join(dirname(process.execPath), name),
  join(dirname(process.execPath), '../share/hutch', name),
  join(cacheDirectory(), 'openapi', name),
]

function cacheDirectory(): string {
  const { HUTCH_CACHE, XDG_CACHE_HOME } = process.env
  return HUTCH_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hutch')
}

/** What upstream says about its types, as `scripts/descriptions.ts` wrote it; undefined where nobody did. */
export function readDescriptions(): Descriptions | undefined {
  const path = places.find(each => existsSync(each))
  return path === undefined
    ? undefined
    : (JSON.parse(gunzipSync(readFileSync(path)).toString()) as Descriptions)
}
