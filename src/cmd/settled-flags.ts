import type { Flag } from './flags.ts'

/** A flag that may say what holds anyway, and nothing else. */
const settled = (name: string, value: boolean, help: string, instead: string): Flag => ({
  ...{ name, type: 'boolean', default: value },
  help: `${help}: always ${value}`,
  check(text) {
    if (text === String(!value)) throw new Error(`it is always ${value}; ${instead}`)
  },
})

/** Switches of kube-apiserver that are settled here; who brings its command line along need not take them out. */
export const settledFlags: readonly Flag[] = [
  settled(
    'allow-privileged',
    true,
    'privileged containers may be asked for',
    'Pod Security says where they may not',
  ),
  settled(
    'aggregator-reject-forwarding-redirect',
    true,
    'redirects of extension servers are not passed on',
    'they would lead clients elsewhere with what they show',
  ),
  settled(
    'contention-profiling',
    false,
    'waiting for locks is profiled',
    'there are none; see --profiling for the other profiles',
  ),
  settled(
    'enable-aggregator-routing',
    true,
    'extension servers are asked at the addresses of their endpoints',
    'addresses of Services are for nodes',
  ),
  settled(
    'enable-bootstrap-token-auth',
    true,
    'bootstrap tokens count',
    'joining needs them; delete the Secrets of those that shall not',
  ),
  settled(
    'enable-garbage-collector',
    true,
    'what is owned by nobody any more goes',
    'name --disable controller-manager where another one does it',
  ),
  settled('enable-logs-handler', false, '/logs is served', 'logs go to standard error'),
  settled(
    'enable-priority-and-fairness',
    true,
    'requests have priorities and fair shares',
    'see --max-requests-inflight for how many run at a time',
  ),
  settled(
    'encryption-provider-config-automatic-reload',
    true,
    '--encryption-provider-config is read again when it changes',
    'write another file, and name it at the next start',
  ),
  settled('permit-address-sharing', false, 'servers share an address', 'one server listens at an address'),
  settled('permit-port-sharing', false, 'servers share a port', 'one server listens at a port'),
  settled(
    'service-account-lookup',
    true,
    'tokens of service accounts that are gone do not count',
    'they are looked up in memory, which costs nothing',
  ),
  settled('watch-cache', true, 'reads are answered from memory', 'all of them are'),
]
