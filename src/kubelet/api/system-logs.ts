import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ApiAnswer, ApiError } from './answer.ts'

const root = '/var/log'

/** `/logs/…`: the machine's own logs (upstream's file server over /var/log); who may read `nodes/log` sees them. */
export async function systemLog(path: string): Promise<ApiAnswer> {
  const parts = path.split('/').slice(2).map(decodeURIComponent)
  if (parts.some(part => part === '..' || part.includes('/') || part.includes('\0')))
    throw new ApiError(400, 'invalid URL path\n')
  const file = join(root, ...parts)
  const found = await stat(file).catch(absent)
  if (!found) throw new ApiError(404, '404 page not found\n')
  if (found.isDirectory()) return listing(file)
  if (!found.isFile()) throw new ApiError(403, '403 Forbidden\n')
  return { code: 200, type: 'text/plain; charset=utf-8', body: createReadStream(file) }
}

async function listing(directory: string): Promise<ApiAnswer> {
  const entries = await readdir(directory, { withFileTypes: true })
  const links = entries
    .map(entry => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .toSorted()
    .map(name => `<a href="${encodeURI(name)}">${Bun.escapeHTML(name)}</a>\n`)
  return { code: 200, type: 'text/html; charset=utf-8', body: `<pre>\n${links.join('')}</pre>\n` }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}
