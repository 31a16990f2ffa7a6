import type { KubeletConfig } from '../config.ts'
import { statusReportMs } from '../node/node.ts'

/** The node's settings as kubelet.config.k8s.io/v1beta1 has them; settings that this kubelet does not have are left out. */
export function kubeletConfiguration(config: KubeletConfig): object {
  return {
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    enableServer: true,
    ...(config.staticPodDir !== undefined && { staticPodPath: config.staticPodDir }),
    port: config.port,
    authentication: {
      x509: {},
      webhook: { enabled: true },
      anonymous: { enabled: false },
    },
    authorization: { mode: 'Webhook' },
    registerNode: true,
    enableDebuggingHandlers: true,
    enableSystemLogHandler: true,
    enableProfilingHandler: false,
    enableDebugFlagsHandler: false,
    clusterDomain: config.clusterDomain,
    clusterDNS: config.clusterDns,
    nodeStatusReportFrequency: `${statusReportMs / 60_000}m0s`,
    maxPods: config.podsMax,
    podLogsDir: config.podLogsDir,
  }
}
