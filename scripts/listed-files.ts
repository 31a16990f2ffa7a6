/**
 * The files of the checkout that end with `suffix`, relative to `root`: those that git knows or would add. Without git,
 * or without its folder (an unpacked archive), all that lie outside of folders with built and fetched things. Throws
 * when there is none, so that nobody takes "nothing to check" for "all is well".
 */
export function listedFiles(root: string, suffix: string): string[] {
  const files = fromGit(root, suffix) ?? fromFolders(root, suffix)
  if (files.length === 0) throw new Error(`no *${suffix} below ${root}`)
  return files
}

/** Whoever owns the checkout: root may run the tests in a folder of somebody else's. */
function fromGit(root: string, suffix: string): string[] | undefined {
  if (!Bun.which('git')) return undefined
  const options = ['-c', 'safe.directory=*']
  const listed = Bun.spawnSync(
    ['git', ...options, 'ls-files', '--cached', '--others', '--exclude-standard', `*${suffix}`],
    { cwd: root, stderr: 'ignore' },
  )
  if (listed.exitCode !== 0) return undefined
  return listed.stdout
    .toString()
    .split('\n')
    .filter(path => path !== '')
}

function fromFolders(root: string, suffix: string): string[] {
  const found = [...new Bun.Glob(`**/*${suffix}`).scanSync({ cwd: root })]
  return found.filter(path => !/(^|\/)(node_modules|dist|tmp)\//.test(path)).sort()
}
