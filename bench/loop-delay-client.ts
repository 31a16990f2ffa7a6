/** Sends one hostile request of `loop-delay-cases.ts` three times and prints what came back. */
import { connectionOf } from './hutch-process.ts'
import { attackOnce, hostileCases } from './loop-delay-cases.ts'

const [kubeconfig = '', objects = '', name = ''] = Bun.argv.slice(2)
const hostile = hostileCases(Number(objects)).find(each => each.name === name)!
const connection = connectionOf(kubeconfig)
const answers: string[] = []
for (let round = 0; round < 3; round++) {
  const startMs = performance.now()
  const { status, bytes } = await attackOnce(connection, hostile, round)
  answers.push(`${status} ${(bytes / 1e6).toFixed(1)} MB ${(performance.now() - startMs).toFixed(0)} ms`)
}
console.log(answers.join(', '))
