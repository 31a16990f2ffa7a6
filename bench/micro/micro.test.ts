import { expect, test } from 'bun:test'
import { Glob } from 'bun'

const benches = [...new Glob('*.bench.ts').scanSync(import.meta.dir)].sort()

test('there are benchmarks of the kernels', () => {
  expect(benches.length).toBeGreaterThanOrEqual(3)
})

test.each(benches)(
  '%s still runs and compares',
  async name => {
    const child = Bun.spawn(['bun', `${import.meta.dir}/${name}`], {
      env: { ...process.env, HUTCH_BENCH_TINY: '1' },
      stderr: 'inherit',
    })
    const lines = (await new Response(child.stdout).text()).trim().split('\n')
    expect(await child.exited).toBe(0)
    for (const line of lines) expect(line).toMatch(/^.+: \S.* µs \(×1\.00\)( \| .+ µs \(×\d+\.\d\d\))+$/)
  },
  60_000,
)
