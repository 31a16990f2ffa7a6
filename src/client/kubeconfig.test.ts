import { expect, test } from 'bun:test'
import { KubeconfigError, readKubeconfig } from './kubeconfig.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

const config = `
apiVersion: v1
kind: Config
current-context: here
clusters:
- name: c
  cluster: { server: https://127.0.0.1:6443/, certificate-authority-data: ${base64('CA')} }
contexts:
- name: here
  context: { cluster: c, user: cert }
- name: token
  context: { cluster: c, user: token }
- name: exec
  context: { cluster: c, user: exec }
users:
- name: cert
  user: { client-certificate: /cert.pem, client-key-data: ${base64('KEY')} }
- name: token
  user: { tokenFile: /token }
- name: exec
  user: { exec: { command: aws } }
`
const readFile = (path: string) => `content of ${path}\n`

test('the current context tells server, CA and certificate, from data or files', () => {
  expect(readKubeconfig(config, { readFile })).toEqual({
    server: 'https://127.0.0.1:6443',
    caPem: 'CA',
    certPem: 'content of /cert.pem\n',
    keyPem: 'KEY',
    token: undefined,
  })
  expect(readKubeconfig(config, { readFile, context: 'token' }).token).toBe('content of /token')
})

test('what cannot be used is refused by name', () => {
  const refusal = (text: string, context?: string) => () => readKubeconfig(text, { readFile, context })
  expect(refusal(config, 'nowhere')).toThrow(new KubeconfigError('there is no context "nowhere"'))
  expect(refusal(config, 'exec')).toThrow('users[exec].user.exec is not supported')
  expect(refusal('clusters: []')).toThrow('current-context is not set')
  expect(refusal('')).toThrow('the kubeconfig is empty')
  expect(refusal('a: [')).toThrow(KubeconfigError)
})
