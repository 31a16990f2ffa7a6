import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { commandHelp, programHelp } from './command.ts'
import { commands } from './commands.ts'
import { serverSettings } from './compose/settings.ts'
import { readConfigFile } from './config-file.ts'
import { type Flag, parseFlags, withDefaults } from './flags.ts'
import { flagReader, serverFlags } from './server-flags.ts'
import { settledFlags } from './settled-flags.ts'
import { UserError } from './user-error.ts'

const directory = mkdtempSync(join(tmpdir(), 'hutch-flags-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const everyFlag = commands.flatMap(command => command.flags.map(flag => ({ command, flag })))

/** What it complains of, with the hint; undefined when it does not. */
async function complaintOf(work: () => unknown): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    expect(error.exitCode === 2 || error.message.startsWith(directory)).toBe(true)
    return `${error.message}\n${error.hint}`
  }
}

const typed = (flags: readonly Flag[], ...words: string[]) => complaintOf(() => parseFlags(flags, words))

function inFile(flags: readonly Flag[], text: string): Promise<string | undefined> {
  const file = join(directory, 'config.yaml')
  writeFileSync(file, text)
  return complaintOf(() => readConfigFile(file, flags, true))
}

/** Values that no flag of the kind takes. */
function wrongValues({ type, check, placeholder }: Flag): string[] {
  if (type === 'integer') return ['', 'many', '-1', '1.5', '0x10', '99999999999999999999']
  if (type === 'boolean') return ['', 'maybe', 'yes', '1']
  if (placeholder === 'DURATION') return ['', '5', 'soon', '-5s']
  return check ? ['', ' ', '\u0000,:/'] : ['']
}

describe.each(everyFlag.map(each => [`hutch ${each.command.name} --${each.flag.name}`, each] as const))(
  '%s',
  (_name, { command: { flags }, flag }) => {
    test('a wrong value is refused by name, on the command line and in the config file', async () => {
      for (const wrong of wrongValues(flag)) {
        expect(await typed(flags, `--${flag.name}=${wrong}`)).toStartWith(`--${flag.name}`)
        if (flag.isForArgumentsAlone) continue
        const line = `${flag.name}: ${JSON.stringify(wrong)}\n`
        const said = await inFile(flags, `# flags\n${line}`)
        expect(said).toStartWith(`${directory}/config.yaml:2: ${flag.name}`)
        if (flag.type === 'list')
          expect(await inFile(flags, `${flag.name}: [${JSON.stringify(wrong)}]\n`)).toBeTruthy()
      }
    })

    test('its default is a value that it takes', async () => {
      const { default: usual } = flag
      if (usual === undefined || usual === '') return
      const text = Array.isArray(usual) ? usual.join(',') : String(usual)
      expect(await typed(flags, `--${flag.name}=${text}`)).toBeUndefined()
    })

    test('its help begins in lower case without a full stop, and its name misspelt leads to it', async () => {
      expect(flag.help).not.toMatch(/\.$|^[A-Z][a-z]+ /)
      const misspelt = `${flag.name.slice(0, 2)}x${flag.name.slice(2)}`
      const nearest = closest(
        misspelt,
        flags.map(({ name }) => name),
      )
      const said = await typed(flags, `--${misspelt}=x`)
      expect(said).toBe(`unknown flag --${misspelt}\nDid you mean --${nearest}?`)
      expect(nearest).toBe(flag.name)
    })
  },
)

test('a flag without its value is refused also where the next flag stands in its place', async () => {
  const { flags } = commands[0]!
  expect(await typed(flags, '--data-dir', '--node-name', 'a')).toStartWith('--data-dir needs a value')
  expect(await typed(flags, '--data-dir')).toStartWith('--data-dir needs a value')
  expect(parseFlags(flags, ['--podman-arg', '--root=/x']).values).toEqual({ 'podman-arg': ['--root=/x'] })
})

test('the config file holds to the rules of the flags entry by entry, and names no other config file', async () => {
  const { flags } = commands[0]!
  const at = (line: number, text: string) => `${directory}/config.yaml:${line}: ${text}`
  const taints = 'node-taint:\n- a=b:NoSchedule\n- a=b\n'
  expect(await inFile(flags, taints)).toStartWith(at(1, 'node-taint: "a=b" is not KEY[=VALUE]:EFFECT'))
  expect(await inFile(flags, 'tls-san: [{a: b}]\n')).toStartWith(at(1, 'tls-san needs'))
  expect(await inFile(flags, 'data-dir+: /x\n')).toStartWith(at(1, 'data-dir is no list to append to'))
  expect(await inFile(flags, 'config: /x\n')).toStartWith(at(1, 'unknown key config'))
  expect(await inFile(flags, 'disable: [dns]\ndisable+: [proxy]\nprofiling: false\n')).toBeUndefined()
})

test.each([
  ['node-label', 'a', 'is not KEY=VALUE'],
  ['node-label', '-a=b', 'must consist of alphanumeric'],
  ['node-label', `a=${'b'.repeat(64)}`, 'must be no more than 63'],
  ['node-label', 'kubernetes.io/x=y', 'a node may not label itself so'],
  ['node-taint', 'a/b/c:NoExecute', 'a valid label key'],
  ['service-cidr', '10.43.0.0/29', 'is too small'],
  ['service-cidr', '10.43.0.5/16', 'use 10.43.0.0/16'],
  ['cluster-cidr', '10.42.0.0/16,fd00::1/56', 'use fd00::/56'],
  ['kubelet-port', '0', 'is not a port'],
  ['token', 'abc', 'is not of the form'],
  ['request-timeout', '0s', 'needs some time'],
  ['authorization-mode', 'AlwaysAllow', 'whoever reaches the server could do everything'],
  ['authorization-mode', 'RBAC,AlwaysAllow', 'whoever reaches the server could do everything'],
  ['audit-webhook-batch-max-size', '0', 'at least 1 is needed'],
])('--%s=%s %s', async (name, value, why) => {
  expect(await typed(commands[0]!.flags, `--${name}=${value}`)).toContain(why)
})

test('switches that are settled say so when they are turned, and why', async () => {
  const { flags } = commands[0]!
  expect(parseFlags(flags, ['--allow-privileged', '--watch-cache=true']).values).toEqual({
    'allow-privileged': true,
    'watch-cache': true,
  })
  for (const { name, default: held } of settledFlags) {
    expect(await typed(flags, `--${name}=${held}`)).toBeUndefined()
    expect(await typed(flags, `--${name}=${!held}`)).toStartWith(`--${name}: it is always ${held}; `)
  }
})

const kubeadm = [
  ...['--advertise-address=192.0.2.7', '--allow-privileged=true', '--authorization-mode=Node,RBAC'],
  ...['--client-ca-file=/k/ca.crt', '--enable-admission-plugins=NodeRestriction'],
  ...['--enable-bootstrap-token-auth=true', '--etcd-cafile=/k/etcd/ca.crt', '--etcd-certfile=/k/etcd.crt'],
  ...['--etcd-keyfile=/k/etcd.key', '--etcd-servers=https://127.0.0.1:2379'],
  ...['--kubelet-client-certificate=/k/kubelet.crt', '--kubelet-client-key=/k/kubelet.key'],
  '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
  ...['--proxy-client-cert-file=/k/front.crt', '--proxy-client-key-file=/k/front.key'],
  ...['--requestheader-allowed-names=front-proxy-client', '--requestheader-client-ca-file=/k/front-ca.crt'],
  ...['--requestheader-extra-headers-prefix=X-Remote-Extra-', '--requestheader-group-headers=X-Remote-Group'],
  ...['--requestheader-username-headers=X-Remote-User', '--secure-port=6443'],
  ...['--service-account-issuer=https://kubernetes.default.svc.cluster.local'],
  ...['--service-account-key-file=/k/sa.pub', '--service-account-signing-key-file=/k/sa.key'],
  ...['--service-cluster-ip-range=10.96.0.0/12', '--tls-cert-file=/k/server.crt'],
  '--tls-private-key-file=/k/server.key',
]

test('every flag that kubeadm gives kube-apiserver is taken, and names kept by other names count', () => {
  const settings = serverSettings(
    flagReader(withDefaults(serverFlags, parseFlags(serverFlags, kubeadm).values)),
  )
  expect(settings).toMatchObject({
    port: 6443,
    serviceCidr: '10.96.0.0/12',
    externalHost: '192.0.2.7',
    etcd: { endpoints: ['https://127.0.0.1:2379'], compactionIntervalMs: 300_000 },
  })
})

test('help fits a terminal, and shows examples and every flag with its default', () => {
  const texts = [programHelp(commands), ...commands.map(commandHelp)]
  for (const text of texts) {
    expect(text.split('\n').filter(line => line.length > 80)).toEqual([])
    expect(text).toContain('Examples:\n  ')
  }
  for (const { command, flag } of everyFlag) expect(commandHelp(command)).toContain(`\n  --${flag.name}`)
  expect(commandHelp(commands[0]!).replaceAll(/\s+/g, ' ')).toContain('(default /var/lib/hutch)')
})
