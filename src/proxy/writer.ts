/** The way to the kernel's packet rules. */
export interface RuleWriter {
  /** Applies an nft script as one transaction; rejects with nft's own words when the kernel refuses it. */
  apply(script: string): Promise<void>
  /** Forgets UDP flows to a service address whose endpoint is gone (they would go on to nowhere); answers how many. */
  forgetFlows(protocol: 'udp' | 'sctp', serviceIp: string, endpointIp: string): Promise<number>
}

/** Runs `nft` and `conntrack` of the node; `command` lets a caller enter a network namespace first. */
export function createNftWriter(command: readonly string[] = []): RuleWriter {
  return {
    async apply(script) {
      const nft = Bun.spawn([...command, 'nft', '-f', '-'], {
        stdin: Buffer.from(script),
        stdout: 'ignore',
        stderr: 'pipe',
      })
      const complaint = await new Response(nft.stderr).text()
      if ((await nft.exited) !== 0)
        throw new Error(`nft refused the rules: ${complaint.trim().slice(0, 500)}`)
    },
    async forgetFlows(protocol, serviceIp, endpointIp) {
      const words = ['conntrack', '-D', '-p', protocol, '--orig-dst', serviceIp, '--dst-nat', endpointIp]
      const conntrack = Bun.spawn([...command, ...words], { stdout: 'ignore', stderr: 'pipe' })
      const complaint = await new Response(conntrack.stderr).text()
      // conntrack exits with 1 when there was no such flow.
      if ((await conntrack.exited) > 1) throw new Error(`conntrack failed: ${complaint.trim()}`)
      return Number(/: (\d+) flow entries have been deleted/.exec(complaint)?.[1] ?? 0)
    },
  }
}
