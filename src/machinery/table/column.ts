/** One server-printed column of `kubectl get` (meta/v1 TableColumnDefinition). */
export interface Column<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format: string
  readonly description: string
  /** 0 is always shown, above 0 with `-o wide`. */
  readonly priority: number
  /** Its cells follow those of the columns that are told of: upstream prints such of one kind. */
  readonly isUntold?: boolean
  /** The cell's JSON value. `nowMs` is the wall clock, for ages. */
  readonly cell: (object: T, nowMs: number) => unknown
}
