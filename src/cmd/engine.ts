import { messageOf } from '../std/message.ts'
import type { Logger } from '../std/ports.ts'

/** Of `scripts/engine.sh`, which `scripts/build` writes into the binary; elsewhere the shell has said it. */
declare const ENGINE_SETTINGS: Readonly<Record<string, string>> | undefined

/**
 * Begins a compiled program anew, under its own process id, with the settings of its engine: that reads them from the
 * environment before any line of ours runs. What the environment says already stands. Returns where nothing is to be set,
 * or where the system cannot run the program again, as under an emulator: it works without them.
 */
export function settleEngine(log: Logger): void {
  if (typeof ENGINE_SETTINGS === 'undefined') return
  if (Object.keys(ENGINE_SETTINGS).every(name => process.env[name] !== undefined)) return
  const words = [process.execPath, ...process.argv.slice(2)]
  try {
    process.execve?.(process.execPath, words, { ...ENGINE_SETTINGS, ...process.env })
  } catch (error) {
    log.warn('the engine runs with settings of its own', { error: messageOf(error) })
  }
}
