import type { Ingress, IngressClass } from '../../api/types/networking-v1.gen.ts'
import type { AdmissionPlugin } from '../context.ts'
import type { Lister } from '../lister.ts'
import { newestMarked } from './default-class.ts'
import { isAbout } from './refusal.ts'

const oldAnnotation = 'kubernetes.io/ingress.class'
const defaultMarks = ['ingressclass.kubernetes.io/is-default-class']

/** An ingress that names no class gets the default one (plugin/pkg/admission/network/defaultingressclass). */
export function defaultIngressClass(classes: Lister<IngressClass>): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    handles: request => request.operation === 'CREATE' && isAbout(request, 'networking.k8s.io', 'ingresses'),
    admit({ object }) {
      const ingress = object as Ingress
      const named = ingress.spec?.ingressClassName ?? ingress.metadata.annotations?.[oldAnnotation]
      if (named !== undefined) return
      const ingressClassName = newestMarked(classes.list(), defaultMarks)?.metadata.name
      if (ingressClassName !== undefined) ingress.spec = { ...ingress.spec, ingressClassName }
    },
  }
}
