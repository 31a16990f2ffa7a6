/**
 * Replaces `$(NAME)` by its value; `$$` is a dollar; what is not known stays as it is written (upstream
 * third_party/forked/golang/expansion).
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, after: string, name: string) =>
    after === '$' ? '$' : (lookup(name) ?? whole),
  )
}
