import type { Environment } from '@marcbachmann/cel-js'

/** cel-go's ext.Strings beyond what the interpreter brings, and the regex library of Kubernetes. */
export function registerTexts(environment: Environment): void {
  environment
    .registerFunction('string.find(string): string', (text: string, pattern: string) => {
      return new RegExp(pattern, 'u').exec(text)?.[0] ?? ''
    })
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      findAll(text, pattern, -1n),
    )
    .registerFunction('string.findAll(string, int): list<string>', findAll)
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => {
      const characters = [...text]
      if (index < 0n || index > characters.length) throw new Error(`index out of range: ${index}`)
      return characters[Number(index)] ?? ''
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction('string.replace(string, string, int): string', replaceSome)
    .registerFunction('string.reverse(): string', (text: string) => [...text].reverse().join(''))
}

function findAll(text: string, pattern: string, limit: bigint): string[] {
  const found = Array.from(text.matchAll(new RegExp(pattern, 'gu')), match => match[0])
  return limit < 0n ? found : found.slice(0, Number(limit))
}

function replaceSome(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(from, () => to)
  let left = limit
  return text.replaceAll(from, match => (left-- > 0n ? to : match))
}
