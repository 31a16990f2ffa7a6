import { get, type OracleCase, patch, send, type Track } from './case.ts'
import { opening } from './general-cases.ts'

const services = '/api/v1/namespaces/oracle/services'
const v4 = '10.96.7.7'
const v6 = 'fd00:10:96::77'

/** What a Service may ask of a cluster with two families, and what becomes of it. */
const specs: Readonly<Record<string, object>> = {
  'nothing said': {},
  'one family': { ipFamilyPolicy: 'SingleStack' },
  'two families if there are': { ipFamilyPolicy: 'PreferDualStack' },
  'two families': { ipFamilyPolicy: 'RequireDualStack' },
  'an unknown policy': { ipFamilyPolicy: 'Sometimes' },
  IPv6: { ipFamilies: ['IPv6'] },
  'IPv6 and one family': { ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' },
  'IPv6 first': { ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'RequireDualStack' },
  'both without a policy': { ipFamilies: ['IPv4', 'IPv6'] },
  'both and one family': { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'SingleStack' },
  'one twice': { ipFamilies: ['IPv4', 'IPv4'], ipFamilyPolicy: 'PreferDualStack' },
  three: { ipFamilies: ['IPv4', 'IPv6', 'IPv4'], ipFamilyPolicy: 'PreferDualStack' },
  'an unknown family': { ipFamilies: ['IPv5'] },
  'an address': { clusterIP: v4 },
  'an IPv6 address': { clusterIP: v6 },
  'an IPv6 address as IPv4': { clusterIP: v6, ipFamilies: ['IPv4'] },
  'an address of the wrong policy': { clusterIPs: [v4, v6], ipFamilyPolicy: 'SingleStack' },
  'two addresses': { clusterIPs: [v4, v6], ipFamilyPolicy: 'RequireDualStack' },
  'two addresses, the other first': { clusterIPs: [v6, v4], ipFamilyPolicy: 'PreferDualStack' },
  'two of one family': { clusterIPs: [v4, '10.96.7.8'], ipFamilyPolicy: 'PreferDualStack' },
  'two addresses without a policy': { clusterIPs: [v4, v6] },
  'no address': { clusterIP: 'None', selector: { a: 'b' } },
  'no address, two families': { clusterIP: 'None', ipFamilyPolicy: 'RequireDualStack', selector: { a: 'b' } },
  'no address, IPv6': { clusterIP: 'None', ipFamilies: ['IPv6'], selector: { a: 'b' } },
  'no address and no selector': { clusterIP: 'None' },
  'no address beside another': { clusterIPs: ['None', v6] },
  'node ports in two families': { type: 'NodePort', ipFamilyPolicy: 'RequireDualStack' },
  'a load balancer in two families': { type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack' },
  'another name': { type: 'ExternalName', externalName: 'example.org' },
  'another name with families': {
    type: 'ExternalName',
    externalName: 'example.org',
    ipFamilyPolicy: 'PreferDualStack',
  },
}

const changes: Readonly<Record<string, object>> = {
  'to two families': { ipFamilyPolicy: 'RequireDualStack' },
  'to two families, named': { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] },
  'to the other family first': { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] },
  'to another address': { ipFamilyPolicy: 'PreferDualStack', clusterIPs: ['{{ip}}', 'fd00:10:96::99'] },
  'to one family': { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] },
  'to one family, unnamed': { ipFamilyPolicy: 'SingleStack' },
  'to one address': { ipFamilyPolicy: 'SingleStack', clusterIPs: ['{{ip}}'] },
  'to the other family alone': { ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' },
  'to another name': { type: 'ExternalName', externalName: 'example.org', clusterIP: '', clusterIPs: null },
  'to nothing said': { ipFamilyPolicy: null, ipFamilies: null },
}

const service = (name: string, spec: object) => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
})
const kept = (one: OracleCase): OracleCase => ({ ...one, keep: { ip: 'spec.clusterIP' } })

export function dualStackTracks(): Track[] {
  const titles = Object.keys(specs)
  const creates = titles.flatMap((title, index) => [
    send('POST', `${title}: dry run`, `${services}?dryRun=All`, service(`dry-${index}`, specs[title]!)),
    send('POST', `${title}: create`, services, service(`made-${index}`, specs[title]!)),
    get(`${title}: get`, `${services}/made-${index}`),
    { name: `${title}: delete`, method: 'DELETE', path: `${services}/made-${index}` },
  ])
  const starts = {
    single: {},
    dual: { ipFamilyPolicy: 'RequireDualStack' },
    headless: { clusterIP: 'None', selector: { a: 'b' } },
  }
  const updates = Object.entries(starts).flatMap(([start, spec]) =>
    Object.entries(changes).flatMap(([title, change], index) => {
      const name = `${start}-${index}`
      return [
        kept(send('POST', `${start} ${title}: create`, services, service(name, spec))),
        patch(`${start} ${title}: change`, `${services}/${name}`, 'merge', { spec: change }),
        get(`${start} ${title}: get`, `${services}/${name}`),
      ]
    }),
  )
  return [
    { name: 'opening', cases: opening },
    { name: 'creates', cases: creates },
    { name: 'updates', cases: updates },
    { name: 'ranges', cases: [get('ranges', '/apis/networking.k8s.io/v1/servicecidrs/kubernetes')] },
  ]
}
