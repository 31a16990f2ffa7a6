/** meta/v1 Time: RFC 3339 with whole seconds. */
export function toTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`
}
