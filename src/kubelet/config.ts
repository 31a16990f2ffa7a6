/** What the command line and the configuration file decide about one node. */
export interface KubeletConfig {
  readonly nodeName: string
  /** The node's own addresses, the primary first. */
  readonly nodeIps: readonly string[]
  readonly nodeLabels: Readonly<Record<string, string>>
  readonly nodeTaints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
  /** `--cluster-dns` and `--cluster-domain`. */
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** Pod directories, the engine's socket: `<data-dir>/agent`. */
  readonly dataDir: string
  /** `/var/log/pods` */
  readonly podLogsDir: string
  /** Manifests of static pods; undefined: none. */
  readonly staticPodDir: string | undefined
  readonly podsMax: number
  /** Port of the kubelet's own API, for the node's daemonEndpoints. */
  readonly port: number
  readonly pauseImage: string
  /** As the node reports it: `v1.35.4+hutch`. */
  readonly kubeletVersion: string
}

export const kubeletDefaults = {
  nodeLabels: {},
  nodeTaints: [],
  clusterDns: [],
  clusterDomain: 'cluster.local',
  podLogsDir: '/var/log/pods',
  staticPodDir: undefined,
  podsMax: 110,
  port: 10250,
  pauseImage: 'hutch.local/pause:1',
} as const
