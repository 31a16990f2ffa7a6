import type { Resource } from '../../api/define.ts'
import { createFeatures, FeatureError, type Features } from '../../api/features/features.ts'
import { putInForce } from '../../api/features/in-force.ts'
import { servedResources } from '../../api/features/runtime-config.ts'
import type { Metrics } from '../../std/metrics.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'

/** What `--feature-gates` says; a UserError names what cannot be had and what to do. */
export function chosenFeatures(flags: FlagReader): Features {
  return read('--feature-gates', () => createFeatures(flags.list('feature-gates')))
}

/** The built-in kinds that `--runtime-config` leaves served; a UserError as above. */
export function chosenResources(flags: FlagReader): readonly Resource[] {
  return read('--runtime-config', () => servedResources(flags.list('runtime-config'), chosenFeatures(flags)))
}

function read<T>(flag: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof FeatureError)) throw error
    throw new UserError(`${flag}: ${error.message}`, error.hint, 2)
  }
}

/** Puts the gates in force for this process and tells them in the metrics, under upstream's name (component-base metrics/prometheus/feature). */
export function tellFeatures(metrics: Metrics, features: Features): void {
  putInForce(features)
  const family = metrics.gauge({
    name: 'kubernetes_feature_enabled',
    help: '1 for each feature gate that is on, 0 for each that is off, with its stage.',
    labels: ['name', 'stage'],
    stability: 'BETA',
  })
  for (const { name, stage, isOn } of features.all())
    family.with(name, stage === 'GA' ? '' : stage).set(Number(isOn))
}
