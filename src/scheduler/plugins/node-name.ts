import { goOn, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'

const name = 'NodeName'

/** A pod that names its node goes there or nowhere. */
export const nodeName: SchedulerPlugin = {
  name,
  events: [{ kind: 'nodeAdded', helps: (pod, { node }) => node.metadata.name === pod.spec?.nodeName }],
  preFilter: ({ pod }) => (pod.spec?.nodeName ? goOn : skip),
  filter: ({ pod }, node) =>
    pod.spec?.nodeName === node.name
      ? undefined
      : reject(name, "node(s) didn't match the requested node name", true),
}
