/** `[verbs, apiGroups, resources, resourceNames, nonResourceURLs]`, trailing empty lists left out. */
export type CompactRule = readonly (readonly string[])[]
/** `[kind, name]` or `[kind, name, namespace]`. */
export type CompactSubject = readonly string[]

/** The layout of policy.json, which scripts/bootstrap-policy prints. */
export interface PolicyFacts {
  readonly clusterRoles: readonly CompactRole[]
  readonly clusterRoleBindings: readonly CompactBinding[]
  readonly roles: readonly CompactRole[]
  readonly roleBindings: readonly CompactBinding[]
  readonly nodeRules: readonly CompactRule[]
}

export interface CompactRole {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly rules?: readonly CompactRule[]
  readonly aggregate?: readonly Readonly<Record<string, string>>[]
}

export interface CompactBinding {
  readonly name: string
  readonly namespace?: string
  /** `ClusterRole` when absent. */
  readonly roleKind?: string
  readonly role: string
  readonly subjects: readonly CompactSubject[]
}
