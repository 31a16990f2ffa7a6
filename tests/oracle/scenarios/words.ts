import type { KubeObject } from '../../../src/machinery/meta/object.ts'

/**
 * Remembers the words that each run chooses anew (hashes of templates, suffixes of names) and what stands for them:
 * hashes are numbered by owner in the order in which they were first seen.
 */
export class Words {
  readonly #words = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  see(kind: string, { metadata }: KubeObject): void {
    const { generateName, name = '', labels, ownerReferences } = metadata
    const owner = `${kind} of ${ownerReferences?.[0]?.kind} ${ownerReferences?.[0]?.name}`
    if (kind === 'ReplicaSet') this.#number(labels?.['pod-template-hash'], 'hash', owner)
    if (kind === 'ControllerRevision') this.#number(name.slice(name.lastIndexOf('-') + 1), 'revision', owner)
    const suffix = generateName && name.startsWith(generateName) ? name.slice(generateName.length) : ''
    if (/^[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(suffix)) this.#words.set(suffix, '<suffix>')
  }

  rename(text: string): string {
    const ordered = [...this.#words].toSorted(([a], [b]) => b.length - a.length)
    return ordered.reduce((out, [word, by]) => out.replaceAll(word, by), patterns(text))
  }

  #number(word: string | undefined, what: string, owner: string): void {
    if (!word || this.#words.has(word)) return
    const number = (this.#counts.get(owner) ?? 0) + 1
    this.#counts.set(owner, number)
    this.#words.set(word, `<${what} ${number}>`)
  }
}

function patterns(text: string): string {
  return (
    text
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>')
      .replaceAll(/\b\d{1,3}(\.\d{1,3}){3}\b/g, '<ip>')
      .replaceAll(/\bnode-[123]\b/g, '<node>')
      .replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<suffix>')
      .replaceAll(/-\d{8}\b/g, '-<minute>')
      // A name that was never taken.
      .replaceAll(/("[a-z0-9-]+-)[bcdfghjklmnpqrstvwxz2456789]{5}(\\?" is forbidden)/g, '$1<suffix>$2')
  )
}
