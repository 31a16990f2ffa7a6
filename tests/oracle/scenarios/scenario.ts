import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { DeleteOptions } from '../../../src/client/client.ts'
import type { JsonObject, KubeObject } from '../../../src/machinery/meta/object.ts'

/** What is done to a cluster, one step after the other, in a namespace of its own. */
export interface Scenario {
  /** Also its namespace's name, and the value of the label `scenario` of what lives in none. */
  readonly name: string
  /** Compares also in which order pods come and go, or replica sets are sized: what one controller does. */
  readonly ordered?: 'Pod' | 'ReplicaSet'
  readonly steps: readonly Step[]
}

export type Step =
  /** Waits until nothing changes any more; everything is compared as it is then. */
  | 'settle'
  /** Waits for the next full minute. */
  | 'next minute'
  | { readonly create: readonly KubeObject[] }
  /** `deployments/web`; a JSON merge patch. */
  | { readonly patch: string; readonly with: JsonObject; readonly subresource?: string }
  | { readonly delete: string; readonly options?: DeleteOptions }
  /** The first pods with these labels, by name. */
  | { readonly deletePods: Labels; readonly count?: number }
  | { readonly evict: Labels; readonly count?: number }
  /** Gives running pods another fate. */
  | { readonly fate: string; readonly of: Labels; readonly count?: number }
  /** What each container of running pods says that it uses: `cpu=100m,memory=10Mi`. */
  | { readonly usage: string; readonly of: Labels; readonly count?: number }
  | { readonly kubectl: string }
  | { readonly waitSeconds: number }

export type Labels = Readonly<Record<string, string>>

const folder = join(import.meta.dir, 'cases')

/** All scenarios of `cases/*.yaml`, one per document. */
export function allScenarios(): Scenario[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap(file => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    .map(document => document.toJS({ mapAsMap: false }) as Scenario)
}
