import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** One object as upstream's own serialisers wrote it, every field filled in. */
export interface UpstreamSample {
  /** `apps.v1.Deployment` */
  readonly name: string
  readonly json: string
  readonly yaml: string
  readonly protobuf: Uint8Array
}

const release = 'v0.35.4'
const cache =
  process.env.GOMODCACHE ?? join(process.env.GOPATH?.split(':')[0] ?? join(homedir(), 'go'), 'pkg/mod')
const folders = [
  join(cache, `k8s.io/api@${release}/testdata/HEAD`),
  join(cache, `k8s.io/apiextensions-apiserver@${release}/pkg/apis/testdata/HEAD`),
]

/** Upstream's round-trip samples from the Go module cache; none where the modules were never fetched (`scripts/schema/generate` does). */
export function upstreamSamples(): UpstreamSample[] {
  return folders.filter(existsSync).flatMap(folder => {
    const files = readdirSync(folder).filter(file => file.endsWith('.pb'))
    return files.map(file => {
      const path = join(folder, file.slice(0, -'.pb'.length))
      return {
        name: file.slice(0, -'.pb'.length),
        json: readFileSync(`${path}.json`, 'utf8'),
        yaml: readFileSync(`${path}.yaml`, 'utf8'),
        protobuf: readFileSync(`${path}.pb`),
      }
    })
  })
}
