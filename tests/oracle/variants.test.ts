import { expect } from 'bun:test'
import { besideStock } from './beside-stock.ts'
import { consultOracle, idle, lastLine } from './consult.ts'
import { openStage } from './stage.ts'
import { variants } from './variants.ts'

for (const [name, { flags, tracks, listed }] of Object.entries(variants)) {
  besideStock({
    subject: `requests to servers started as ${name}`,
    claim: 'Hutch answers every case as it does, but for the listed differences',
    open: () => openStage(flags),
    async compare({ ours, theirs }) {
      const verdict = await consultOracle(ours, theirs, tracks(), listed)
      console.log(`${name}: ${lastLine(verdict)}`)
      expect(verdict.unlisted).toEqual([])
      expect(idle(verdict)).toEqual([])
    },
  })
}
