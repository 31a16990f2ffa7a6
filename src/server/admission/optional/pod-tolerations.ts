import { qosClass } from '../../../api/core/pod/pod-resources.ts'
import { validateTolerations } from '../../../api/core/pod/tolerations.ts'
import type { Namespace, Pod, Toleration } from '../../../api/types/core-v1.gen.ts'
import { parseJson } from '../../../machinery/codec/json/index.ts'
import {
  DocumentError,
  type DocumentKind,
  readDocument,
  type Shape,
} from '../../../machinery/config/document.ts'
import { plainFailure } from '../../../machinery/status/errors.ts'
import { createFieldErrors } from '../../../machinery/validation/field-errors.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
import type { Lister } from '../../lister.ts'
import { isAbout } from '../refusal.ts'
import { covers, mergeTolerations } from '../tolerations.ts'

/** What holds in namespaces that say nothing themselves. */
export interface TolerationSettings {
  readonly default?: readonly Toleration[]
  readonly whitelist?: readonly Toleration[]
}

const tolerationShape: Shape = {
  fields: {
    ...{ key: 'string', operator: 'string', value: 'string', effect: 'string' },
    tolerationSeconds: 'integer',
  },
}
const documentKind: DocumentKind = {
  kind: 'Configuration',
  apiVersions: ['podtolerationrestriction.admission.k8s.io/v1alpha1'],
  fields: { default: [tolerationShape], whitelist: [tolerationShape] },
}

/** Reads and checks the plugin's configuration (podtolerationrestriction/apis). Throws `DocumentError`. */
export function readTolerationSettings(text: string): TolerationSettings {
  const settings = readDocument<TolerationSettings>(text, documentKind)
  const errors = createFieldErrors()
  validateTolerations(settings.default ?? [], 'podtolerationrestriction.default', errors)
  validateTolerations(settings.whitelist ?? [], 'podtolerationrestriction.whitelist', errors)
  if (errors.list.length === 0) return settings
  const found = errors.list.map(({ field, message }) => `${field}: ${message}`)
  throw new DocumentError(`invalid config: [${found.join(' ')}]`)
}

const defaultsAnnotation = 'scheduler.alpha.kubernetes.io/defaultTolerations'
const whitelistAnnotation = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist'
const memoryPressure = { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }

/** Pods get their namespace's tolerations and may have no others than it lists (plugin/pkg/admission/podtolerationrestriction). */
export function podTolerationRestriction(
  namespaces: Lister<Namespace>,
  settings: TolerationSettings = {},
): AdmissionPlugin {
  const check = (request: AdmissionRequest) => {
    const held = (request.object as Pod).spec?.tolerations ?? []
    if (held.length === 0) return
    const own = annotated(namespaces, request, whitelistAnnotation)
    const whitelist = own ?? settings.whitelist ?? []
    if (whitelist.length === 0) return
    if (held.every(each => whitelist.some(allowed => covers(allowed, each)))) return
    const merged = '(possibly merged with namespace default tolerations)'
    const scope = own ? 'namespace' : 'cluster'
    throw plainFailure(`pod tolerations ${merged} conflict with its ${scope} whitelist`)
  }
  return {
    name: 'PodTolerationRestriction',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') && isAbout(request, '', 'pods'),
    admit(request) {
      const { spec } = request.object as Pod
      if (!spec) return
      const added =
        request.operation === 'CREATE'
          ? (annotated(namespaces, request, defaultsAnnotation) ?? settings.default ?? [])
          : []
      const extra = qosClass(spec) === 'BestEffort' ? added : [...added, memoryPressure]
      if (extra.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], extra)
      check(request)
    },
    validate: check,
  }
}

/** Undefined where the namespace says nothing; an empty text says "none". */
function annotated(
  namespaces: Lister<Namespace>,
  { info }: AdmissionRequest,
  annotation: string,
): readonly Toleration[] | undefined {
  const text = namespaces.get('', info.namespace)?.metadata.annotations?.[annotation]
  if (!text) return text === undefined ? undefined : []
  try {
    return (parseJson(text) as readonly Toleration[] | null) ?? []
  } catch (error) {
    throw plainFailure((error as Error).message)
  }
}
