/** Runs programs that configure the node's network; `enter` goes before each (to enter a namespace in tests). */
export interface NetworkShell {
  /** `ip -batch`: one command a line. Rejects with ip's words. */
  ip(lines: readonly string[]): Promise<void>
  /** The same inside the network namespace at `path`. */
  ipIn(path: string, lines: readonly string[]): Promise<void>
  nft(script: string): Promise<void>
  sysctl(name: string, value: string): Promise<void>
}

export function createNetworkShell(enter: readonly string[] = []): NetworkShell {
  const run = async (words: readonly string[], input: string) => {
    const child = Bun.spawn([...enter, ...words], {
      stdin: Buffer.from(input),
      stdout: 'ignore',
      stderr: 'pipe',
    })
    const complaint = await new Response(child.stderr).text()
    if ((await child.exited) !== 0) throw new Error(`${words[0]} failed: ${complaint.trim().slice(0, 500)}`)
  }
  const batch = (lines: readonly string[]) => `${lines.join('\n')}\n`
  return {
    ip: lines => run(['ip', '-batch', '-'], batch(lines)),
    ipIn: (path, lines) => run(['nsenter', `--net=${path}`, 'ip', '-batch', '-'], batch(lines)),
    nft: script => run(['nft', '-f', '-'], script),
    sysctl: (name, value) => run(['sh', '-c', `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}`], ''),
  }
}
