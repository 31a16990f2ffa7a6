/** Goes before a command, and takes it along when this process ends: a test run that is killed leaves no server behind. */
export const tied: readonly string[] = Bun.which('setpriv') ? ['setpriv', '--pdeathsig=TERM', '--'] : []
