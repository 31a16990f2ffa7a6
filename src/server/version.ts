import { mountPage, type Routes, requireRoute } from './http/routes.ts'

/** What `/version` says (apimachinery version.Info). */
export interface VersionInfo {
  readonly major: string
  readonly minor: string
  readonly emulationMajor: string
  readonly emulationMinor: string
  readonly minCompatibilityMajor: string
  readonly minCompatibilityMinor: string
  readonly gitVersion: string
  readonly gitCommit: string
  readonly gitTreeState: string
  readonly buildDate: string
  readonly goVersion: string
  readonly compiler: string
  readonly platform: string
}

/** The Kubernetes release that this server behaves like, with our own mark behind it. */
export const serverVersion: VersionInfo = {
  major: '1',
  minor: '35',
  emulationMajor: '1',
  emulationMinor: '35',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '34',
  gitVersion: 'v1.35.4+hutch1',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: `bun${Bun.version}`,
  compiler: 'bun',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
}

export function mountVersion(routes: Routes, version: VersionInfo): void {
  const text = JSON.stringify(version, undefined, 2)
  mountPage(routes, '/version', c => {
    requireRoute(c, ['application/json'])
    return c.body(text, 200, { 'content-type': 'application/json' })
  })
}
