import type { Command } from './command.ts'
import { versionCommand } from './commands/version.ts'

/** Every word that `hutch` knows, in the order of its help. */
export const commands: readonly Command[] = [versionCommand]
