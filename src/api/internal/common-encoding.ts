import { findCondition } from '../../machinery/meta/conditions.ts'
import type {
  ServerStorageVersion,
  StorageVersion,
  StorageVersionStatus,
} from '../types/internal-v1alpha1.gen.ts'

const type = 'AllEncodingVersionsEqual'

/** The status with what these servers tell, and whether they agree (apiserver pkg/storageversion SetCommonEncodingVersion). */
export function withServers(
  { metadata, status = {} }: Pick<StorageVersion, 'metadata' | 'status'>,
  servers: readonly ServerStorageVersion[],
  now: string,
): StorageVersionStatus {
  const [first, ...others] = servers.map(({ encodingVersion }) => encodingVersion)
  const common = others.every(each => each === first) ? first : undefined
  const before = findCondition(status.conditions, type)
  const isSet = common !== undefined
  const truth = isSet ? 'True' : 'False'
  const isSame = before?.status === truth && (!isSet || common === status.commonEncodingVersion)
  const condition = {
    ...{ type, status: truth },
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    lastTransitionTime: (isSame && before.lastTransitionTime) || now,
    reason: isSet ? 'CommonEncodingVersionSet' : 'CommonEncodingVersionUnset',
    message: isSet ? 'Common encoding version set' : 'Common encoding version unset',
  }
  const rest = (status.conditions ?? []).filter(each => each !== before)
  return {
    storageVersions: [...servers],
    ...(isSet && { commonEncodingVersion: common }),
    conditions: [...rest, condition],
  }
}
