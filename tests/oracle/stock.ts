import { existsSync, mkdtempSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const script = join(import.meta.dir, '../../scripts/stock')
const cache =
  process.env.HUTCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hutch')

/** Where scripts/stock puts what it builds, kubectl among it. */
export const stockPrograms = join(cache, 'stock/bin')

/** Why the stock control plane cannot run here; undefined when it can. */
export function stockMissing(): string | undefined {
  if (!Bun.which('openssl') || !Bun.which('curl')) return 'openssl and curl are not both installed'
  if (existsSync(join(stockPrograms, 'pins')) || Bun.which('go')) return undefined
  return `no stock control plane in ${cache} and no Go to build it`
}

/** A stock control plane of its own, on loopback. */
export interface Stock extends AsyncDisposable {
  readonly kubeconfig: string
  /** Data, certificates and logs. */
  readonly directory: string
}

/**
 * Starts the parts that scripts/stock calls so. Nothing is left of it when it is disposed of, when it does not start, and
 * when this process ends, killed or not.
 */
export async function startStock(
  parts: 'all' | 'accounts' | 'scheduler',
  more: Readonly<Record<string, string>> = {},
): Promise<Stock> {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-stock-'))
  const env = {
    ...process.env,
    ...more,
    HUTCH_STOCK_DIR: directory,
    HUTCH_STOCK_OWNER: String(process.pid),
  }
  const stock = async (...words: string[]) => {
    const run = Bun.spawn([script, ...words], { env, stdout: 'pipe', stderr: 'inherit' })
    const said = await new Response(run.stdout).text()
    if ((await run.exited) !== 0) throw new Error(`scripts/stock ${words.join(' ')} failed`)
    return said.trim()
  }
  await using opened = new AsyncDisposableStack()
  opened.defer(async () => {
    await stock('stop')
  })
  const kubeconfig = await stock('start', parts)
  const kept = opened.move()
  return { kubeconfig, directory, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
