import { namespaces } from '../../../src/api/core/namespace.ts'
import { pods } from '../../../src/api/core/pod.ts'
import type { Pod } from '../../../src/api/types/core-v1.gen.ts'
import { mergePatch } from '../../../src/client/client.ts'
import type { KubeObject } from '../../../src/machinery/meta/object.ts'
import { labelSelectorOf, matchesLabels } from '../../../src/machinery/selector/index.ts'
import { StatusError } from '../../../src/machinery/status/status.ts'
import { fateAnnotation } from './kubelet.ts'
import { usageAnnotation } from './pod-metrics.ts'
import type { Labels, Scenario, Step } from './scenario.ts'
import { resourceNamed, type Side } from './side.ts'

/** Makes the namespace of a scenario, with all that the cluster puts into it. */
export async function prepare(side: Side, { name }: Scenario): Promise<void> {
  await side.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await accountExists(side, name)
}

/** Pods are refused before the service account is there. */
async function accountExists({ informers }: Side, namespace: string): Promise<void> {
  const accounts = informers.of(resourceNamed('serviceaccounts')).store
  for (let tries = 0; tries < 600 && !accounts.get(namespace, 'default'); tries++) await Bun.sleep(50)
}

/** Does one step on one side; what refused evictions answer goes to `answers`. */
export async function perform(
  side: Side,
  name: string,
  step: Exclude<Step, 'settle'>,
  answers: string[],
): Promise<void> {
  const { client } = side
  if (step === 'next minute') return await Bun.sleep(60_500 - (Date.now() % 60_000))
  if ('waitSeconds' in step) return await Bun.sleep(step.waitSeconds * 1000)
  if ('create' in step) for (const object of step.create) await create(side, name, object)
  else if ('patch' in step) {
    const [resource, object] = target(step.patch)
    const { subresource } = step
    const namespace = resource.namespaced ? name : undefined
    await client.patch(resource, namespace, object, { type: mergePatch, body: step.with, subresource })
  } else if ('delete' in step) {
    const [resource, object] = target(step.delete)
    await client.delete(resource, resource.namespaced ? name : undefined, object, step.options)
  } else if ('deletePods' in step) {
    for (const { metadata } of chosen(side, name, step.deletePods, step.count))
      await client.delete(pods, name, metadata.name!)
  } else if ('evict' in step) {
    for (const pod of chosen(side, name, step.evict, step.count)) answers.push(await evict(side, pod))
  } else if ('fate' in step) await annotate(side, name, step, { [fateAnnotation]: step.fate })
  else if ('usage' in step) await annotate(side, name, step, { [usageAnnotation]: step.usage })
  else await kubectl(side, name, step.kubectl)
}

async function annotate(
  side: Side,
  namespace: string,
  { of, count }: { readonly of: Labels; readonly count?: number },
  annotations: Labels,
): Promise<void> {
  const body = { metadata: { annotations } }
  for (const { metadata } of chosen(side, namespace, of, count))
    await side.client.patch(pods, namespace, metadata.name!, { type: mergePatch, body })
}

async function create({ client }: Side, namespace: string, object: KubeObject): Promise<void> {
  const { apiVersion = 'v1', kind = '' } = object as { apiVersion?: string; kind?: string }
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  const resource = resourceOf(kind, group)
  const metadata = resource.namespaced
    ? { namespace, ...object.metadata }
    : { ...object.metadata, labels: { ...object.metadata.labels, scenario: namespace } }
  await client.create(resource, { ...object, metadata })
}

function resourceOf(kind: string, group: string) {
  const plural = `${kind.toLowerCase().replace(/y$/, 'ie').replace(/ss$/, 'sse').replace(/s$/, '')}s`
  return resourceNamed(group ? `${plural}.${group}` : plural)
}

function target(text: string): [resource: ReturnType<typeof resourceNamed>, name: string] {
  const [plural = '', name = ''] = text.split('/')
  return [resourceNamed(plural), name]
}

/** By node, where the scenario has its own, and by name: the order in which they were made is not the same twice. */
function chosen({ informers }: Side, namespace: string, labels: Labels, count = 1): readonly Pod[] {
  return informers
    .of(pods)
    .store.list(namespace)
    .filter(
      ({ metadata }) =>
        !metadata.deletionTimestamp && matchesLabels(labelSelectorOf(labels), metadata.labels),
    )
    .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
    .slice(0, count)
}

function placeOf({ metadata, spec }: Pod): string {
  const node = spec?.nodeName ?? ''
  return `${/^node-[123]$/.test(node) ? '' : node} ${metadata.name}`
}

async function evict({ client }: Side, { metadata }: Pod): Promise<string> {
  const { namespace, name } = metadata
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name } }
  try {
    await client.subresource(pods, { verb: 'create', namespace, name: name!, subresource: 'eviction', body })
    return 'evicted'
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const causes = error.status.details?.causes?.map(({ message }) => message)
    return [error.code, error.message, ...(causes ?? [])].join(' | ')
  }
}

const kubectlTriesMax = 3

/** On a machine under load a handshake may take too long: that is no difference. */
async function kubectl({ kubeconfig }: Side, namespace: string, words: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const child = Bun.spawn(['kubectl', '--kubeconfig', kubeconfig, '-n', namespace, ...words.split(' ')], {
      stdout: 'ignore',
      stderr: 'pipe',
    })
    const said = await new Response(child.stderr).text()
    if ((await child.exited) === 0) return
    if (tries === kubectlTriesMax || !said.includes('Unable to connect'))
      throw new Error(`kubectl ${words}: ${said}`)
  }
}
