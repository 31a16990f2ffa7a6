import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { transpileComponent } from '../../kernels/component.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import {
  type ComponentConfiguration,
  componentFile,
  componentFilesOf,
  readComponentConfiguration,
} from '../../server/admission/components/configuration.ts'
import type { AdmissionComponents } from '../../server/admission/index.ts'
import { WebhookCallError } from '../../server/webhook-client/failure.ts'
import type { Clock } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import { type ComponentHost, createComponentHost } from './component-host.ts'
import { readConfigured } from './configured-file.ts'

const flag = 'admission-plugin-dir'
/** Of one component. */
const memoryBytesMax = 64 * 1024 * 1024

/**
 * Loads the admission components of a folder: its *.yaml say when which *.wasm is asked. A UserError names the file that
 * is not usable. They end with the signal.
 */
export async function openAdmissionComponents(
  directory: string,
  clock: Pick<Clock, 'setTimer'>,
  signal: AbortSignal,
): Promise<AdmissionComponents> {
  const configurations = configurationsIn(directory)
  const hosts = new Map<string, ComponentHost>()
  for (const file of new Set(configurations.flatMap(componentFilesOf)))
    hosts.set(file, await openHost(join(directory, file), file, clock))
  signal.addEventListener('abort', () => closeAll(hosts), { once: true })
  return {
    mutating: configurations.flatMap(each => ('mutating' in each ? [each.mutating] : [])),
    validating: configurations.flatMap(each => ('validating' in each ? [each.validating] : [])),
    async call({ url }, { body, timeoutMs, signal: ended }) {
      const host = hosts.get(componentFile(url) ?? '')
      if (!host) throw new WebhookCallError(`${url} is not there`)
      return parse(await host.review(JSON.stringify(body), timeoutMs, ended))
    },
  }
}

function closeAll(hosts: ReadonlyMap<string, ComponentHost>): void {
  for (const host of hosts.values()) host.close()
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject
  } catch (error) {
    throw new WebhookCallError(`the answer is no JSON: ${(error as Error).message}`)
  }
}

function configurationsIn(directory: string): readonly ComponentConfiguration[] {
  const names = listDirectory(directory).filter(name => /\.(ya?ml|json)$/.test(name))
  return names.toSorted().map(name => {
    const path = join(directory, name)
    try {
      return readComponentConfiguration(readConfigured(path, flag))
    } catch (error) {
      if (error instanceof UserError) throw error
      throw new UserError(`--${flag}: ${path}: ${(error as Error).message}`)
    }
  })
}

function listDirectory(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    throw new UserError(`--${flag}: ${(error as Error).message}`, 'Check the path.')
  }
}

async function openHost(path: string, name: string, clock: Pick<Clock, 'setTimer'>): Promise<ComponentHost> {
  try {
    const component = await transpileComponent(path, 'review')
    return createComponentHost(name, { component, memoryBytesMax }, clock)
  } catch (error) {
    const reason = (error as Error).message
    throw new UserError(
      `--${flag}: ${path} cannot be loaded as a component of the world hutch:admission/admission-plugin: ${reason}`,
    )
  }
}
