import { expect, test } from 'bun:test'
import type { Pod, PodSpec } from '../api/types/core-v1.gen.ts'
import { podResourcesText } from './pod-resources.ts'

const pod = (name: string, spec: Partial<PodSpec>, phase = 'Running'): Pod => ({
  metadata: { namespace: 'shop', name },
  spec: { schedulerName: 'default-scheduler', containers: [{ name: 'c', image: 'i' }], ...spec } as PodSpec,
  status: { phase },
})
const container = (resources: object) => ({ containers: [{ name: 'c', image: 'i', resources }] })

test('what pods ask for and may use is told with its unit, overhead included', () => {
  const text = podResourcesText([
    pod('web', {
      ...container({ requests: { cpu: '250m', memory: '1Mi' }, limits: { memory: '2Mi' } }),
      nodeName: 'n1',
      priority: 7,
      overhead: { cpu: '50m', memory: '1Mi' },
    }),
  ])
  const of = (resource: string, unit: string) =>
    `{namespace="shop",node="n1",pod="web",priority="7",resource="${resource}",scheduler="default-scheduler",unit="${unit}"}`
  const lines = text.split('\n').filter(line => !line.startsWith('#') && line !== '')
  expect(lines).toEqual([
    `kube_pod_resource_limit${of('memory', 'bytes')} 3.145728e+06`,
    `kube_pod_resource_request${of('cpu', 'cores')} 0.3`,
    `kube_pod_resource_request${of('memory', 'bytes')} 2.097152e+06`,
  ])
})

test('pods that have ended take nothing, those that wait for a node do', () => {
  const wanted = container({ requests: { cpu: '1' } })
  const text = podResourcesText([
    pod('done', { ...wanted, nodeName: 'n1' }, 'Succeeded'),
    pod('waits', wanted, 'Pending'),
  ])
  expect(text).not.toContain('pod="done"')
  expect(text).toContain('node="",pod="waits",priority="",')
})

test('what is said of a pod as a whole counts instead of what its containers say', () => {
  const own = { ...container({ requests: { cpu: '1' } }), resources: { requests: { cpu: '3' } } }
  expect(podResourcesText([pod('whole', own)])).toMatch(/^kube_pod_resource_request\{.*\} 3$/m)
})
