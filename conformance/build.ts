import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDescriptions } from '../src/cmd/compose/descriptions.ts'
import { pauseTar } from '../src/kubelet/runtime/podman/pause.ts'
import { must } from '../tests/cluster/lan.ts'
import { checkout, paths } from './state.ts'

const module = join(checkout, 'conformance')
const etcdModule = join(checkout, 'scripts/stock.d/etcd')
const suite = 'k8s.io/kubernetes/test'

/** Program, the package that it is built from, and the module that pins it. */
const programs: readonly (readonly [string, string, string])[] = [
  ['ginkgo', 'github.com/onsi/ginkgo/v2/ginkgo', module],
  ['kubectl', 'k8s.io/kubernetes/cmd/kubectl', module],
  ['agnhost', `${suite}/images/agnhost`, module],
  ['nnp', `${suite}/images/nonewprivs`, module],
  ['sample-apiserver', 'k8s.io/sample-apiserver', module],
  ['etcd', 'go.etcd.io/etcd/server/v3', etcdModule],
]

/** Why the suite cannot be built here, or undefined. */
export function buildMissing(): string | undefined {
  const missing = ['go', 'podman', 'apt-get', 'dpkg-deb', 'make', 'gcc'].find(name => !Bun.which(name))
  return missing && `${missing} is not installed`
}

function pins(): string {
  const files = [module, etcdModule].flatMap(dir => ['go.mod', 'go.sum'].map(name => join(dir, name)))
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  return hash.digest('hex')
}

export function isBuilt(): boolean {
  const file = join(paths.programs, 'pins')
  return existsSync(file) && readFileSync(file, 'utf8') === pins()
}

/** Builds the suite's programs unless they are there as pinned; a few minutes with an empty Go cache. */
export async function buildPrograms(say: (line: string) => void): Promise<void> {
  await takeDescriptions(say)
  if (isBuilt()) return
  const why = buildMissing()
  if (why) throw new Error(`the suite cannot be built: ${why}`)
  mkdirSync(paths.programs, { recursive: true })
  const release = /k8s\.io\/kubernetes (v1\.(\d+)\.\d+)/.exec(readFileSync(join(module, 'go.mod'), 'utf8'))!
  const info = '-X k8s.io/component-base/version'
  const linked = `-s -w ${info}.gitVersion=${release[1]} ${info}.gitMajor=1 ${info}.gitMinor=${release[2]}`
  const go = (dir: string, ...words: string[]) =>
    must(['nice', '-n', '10', 'env', 'CGO_ENABLED=0', 'go', words[0]!, '-C', dir, ...words.slice(1)])
  for (const [name, from, dir] of programs) {
    say(`building ${name} …`)
    await go(dir, 'build', '-mod=readonly', '-ldflags', linked, '-o', join(paths.programs, name), from)
  }
  say('building e2e.test …')
  await go(
    module,
    'test',
    '-c',
    '-mod=readonly',
    '-ldflags',
    linked,
    '-o',
    join(paths.programs, 'e2e.test'),
    `${suite}/e2e`,
  )
  writeFileSync(join(paths.programs, 'pins'), pins())
}

/** `kubectl explain` tells what upstream says about its types, and the suite looks. */
async function takeDescriptions(say: (line: string) => void): Promise<void> {
  if (readDescriptions() || !Bun.which('go')) return
  say('taking descriptions …')
  await must(['bun', 'run', join(checkout, 'scripts/descriptions.ts')])
}

/** Images that could not be built, as `NAME: reason`. */
export async function buildImages(say: (line: string) => void): Promise<readonly string[]> {
  const pause = join(paths.programs, 'pause.tar')
  const goArchitecture = process.arch === 'x64' ? 'amd64' : process.arch
  writeFileSync(`${pause}.new`, pauseTar(goArchitecture))
  renameSync(`${pause}.new`, pause)
  const said = await must([join(module, 'images/build'), paths.programs, paths.store])
  const lines = said.split('\n').filter(line => line !== '' && !line.startsWith('kept '))
  for (const line of lines) say(line)
  return lines.filter(line => line.startsWith('missing ')).map(line => line.slice('missing '.length))
}
