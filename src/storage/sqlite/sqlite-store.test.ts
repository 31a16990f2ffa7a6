import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runStoreSuite } from '../suite.ts'
import { openSqliteStore } from './sqlite-store.ts'

let folder: string | undefined

runStoreSuite({
  name: 'sqlite',
  open: async options => {
    folder ??= mkdtempSync(join(tmpdir(), 'hutch-store-'))
    return openSqliteStore({ ...options, path: join(folder, 'state.db') })
  },
  cleanUp: async () => {
    if (folder) rmSync(folder, { recursive: true })
    folder = undefined
  },
})
