import type { Command } from './command.ts'
import { agentCommand } from './commands/agent.ts'
import { serverCommand } from './commands/server.ts'
import { tokenCommand } from './commands/token.ts'
import { versionCommand } from './commands/version.ts'

/** Every word that `hutch` knows, in the order of its help. */
export const commands: readonly Command[] = [serverCommand, agentCommand, tokenCommand, versionCommand]
