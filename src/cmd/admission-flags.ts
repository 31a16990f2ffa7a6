import { pluginNameFault } from '../server/admission/choice.ts'
import type { Flag } from './flags.ts'

const plugins = (value: string) => {
  const fault = value.split(',').map(pluginNameFault).find(Boolean)
  if (fault !== undefined) throw new Error(fault)
}

/** Which admission plugins run: names and meanings are kube-apiserver's. */
export const admissionFlags: readonly Flag[] = [
  {
    name: 'enable-admission-plugins',
    type: 'list',
    placeholder: 'NAME',
    help: 'admission plugin that runs beside the usual ones; repeatable',
    check: plugins,
  },
  {
    name: 'disable-admission-plugins',
    type: 'list',
    placeholder: 'NAME',
    help: 'usual admission plugin that does not run; repeatable',
    check: plugins,
  },
  {
    name: 'admission-control-config-file',
    type: 'string',
    placeholder: 'FILE',
    help: 'what admission plugins are told (apiserver.config.k8s.io/v1 AdmissionConfiguration)',
  },
  {
    name: 'admission-plugin-dir',
    type: 'string',
    placeholder: 'DIR',
    help: 'ask WASM components at admission: DIR holds them and the webhook configurations that say when',
  },
]
