import type { LogLevel } from '../std/log.ts'

/** Set while the process runs, at `/debug/flags/v`. */
let asked: LogLevel | undefined

/** The level that lines of the log must have: `usual`, until somebody asks for another. */
export function logLevel(usual: LogLevel): () => LogLevel {
  return () => asked ?? usual
}

/** From which on klog, too, tells what components do. */
const debugMin = 4

/** Upstream's number for how much is said. */
export function setVerbosity(verbosity: number): void {
  asked = verbosity >= debugMin ? 'debug' : 'info'
}
