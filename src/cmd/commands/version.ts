import type { Command } from '../command.ts'
import { hutchVersion, kubernetesVersion } from '../version.ts'

export const versionCommand: Command = {
  name: 'version',
  summary: 'Print the version of Hutch and of the Kubernetes API that it speaks',
  examples: ['hutch version'],
  flags: [],
  run: async () => {
    process.stdout.write(
      `hutch ${hutchVersion}\nkubernetes ${kubernetesVersion}\nbun ${Bun.version} ${process.platform}/${process.arch}\n`,
    )
  },
}
