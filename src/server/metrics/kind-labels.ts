/** The labels `group` and `resource` of the kind whose objects lie in a folder such as `/registry/core/pods/`. */
export function kindLabels(folder: string): [group: string, resource: string] {
  const [, , group = '', resource = ''] = folder.split('/')
  return [group === 'core' ? '' : group, resource]
}
