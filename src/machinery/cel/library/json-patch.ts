/** Writing JSON pointers (apiserver pkg/cel/library/jsonpatch.go). */
import { stringType } from '../language/type.ts'
import { type Functions, global } from './declare.ts'

const escapes: Readonly<Record<string, string>> = { '/': '~1', '~': '~0' }

export const jsonPatch: Functions = {
  'jsonpatch.escapeKey': [
    global('string_jsonpatch_escapeKey_string', [stringType], stringType, (key: string) =>
      key.replace(/[/~]/g, character => escapes[character]!),
    ),
  ],
}
