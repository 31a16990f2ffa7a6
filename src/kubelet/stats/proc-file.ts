import { readFile } from 'node:fs/promises'

/** A file of the kernel's; undefined when it is not there (any more): a process may end at any moment. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR' || code === 'EACCES') return undefined
    throw error
  }
}
