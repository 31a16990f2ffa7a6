import { semanticEqual } from '../../machinery/meta/value.ts'
import type {
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../types/apiextensions-v1.gen.ts'

type PerVersion = Pick<
  CustomResourceDefinitionVersion,
  'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'
>

export interface HoistedSpec {
  /** What all versions say alike. */
  readonly shared: PerVersion
  /** The versions without it. */
  readonly versions: readonly CustomResourceDefinitionVersion[]
}

const fields = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const

/**
 * A definition as upstream holds it inside: what all versions have in common stands at the top, as in the first
 * release of the API, and complaints name that place.
 */
export function hoist({ versions }: Pick<CustomResourceDefinitionSpec, 'versions'>): HoistedSpec {
  const given = versions ?? []
  const [first] = given
  const alike = fields.filter(field => given.every(version => semanticEqual(version[field], first?.[field])))
  const shared: Partial<Record<(typeof fields)[number], unknown>> = {}
  for (const field of alike) if (first?.[field] !== undefined) shared[field] = first[field]
  const bare = given.map(version => {
    const kept: Partial<CustomResourceDefinitionVersion> = { ...version }
    for (const field of alike) delete kept[field]
    return kept as CustomResourceDefinitionVersion
  })
  return { shared: shared as PerVersion, versions: bare }
}
