import { runStoreSuite } from '../suite.ts'
import { openMemoryStore } from './memory-store.ts'

runStoreSuite({
  name: 'memory',
  open: async options => openMemoryStore(options),
  skip: { reopen: 'memory does not outlive its process' },
})
