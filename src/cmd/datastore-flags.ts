import { file, time } from './flag-makers.ts'
import type { Flag } from './flags.ts'

/** Who is asked for by name and is not to be had, by how its endpoints begin. */
const elsewhere: readonly (readonly [scheme: string, name: string])[] = [
  ['postgres:', 'PostgreSQL'],
  ['postgresql:', 'PostgreSQL'],
  ['mysql:', 'MySQL'],
  ['nats:', 'NATS'],
]

const offered = 'use sqlite, memory, or http(s)://HOST:2379 of an etcd'

/** Throws a sentence unless every one of these is the URL of a member of an etcd. */
function checkMembers(text: string): void {
  for (const each of text.split(',')) {
    const url = URL.canParse(each) ? new URL(each) : undefined
    const isMember =
      url && /^https?:$/.test(url.protocol) && url.port !== '' && url.pathname === '/' && !url.search
    if (!isMember) throw new Error(`"${each}" is not http(s)://HOST:PORT of an etcd`)
  }
}

function checkDatastore(text: string): void {
  if (text === 'sqlite' || text === 'memory') return
  const known = elsewhere.find(([scheme]) => text.startsWith(scheme))
  if (known) throw new Error(`there is no driver for ${known[1]}; ${offered}`)
  if (!/^https?:/.test(text)) throw new Error(`"${text}" is not available; ${offered}`)
  checkMembers(text)
}

/** Throws a sentence unless keys of an etcd can begin so. */
function checkPrefix(text: string): void {
  if (!/^\/[^\s,]*[^\s,/]$/.test(text)) throw new Error(`"${text}" is no prefix such as /registry`)
}

const reconcilers: readonly string[] = ['lease', 'master-count', 'none']

/** Where the cluster's state lies: k3s's names, and kube-apiserver's for the same. */
export const datastoreFlags: readonly Flag[] = [
  {
    name: 'datastore-endpoint',
    type: 'string',
    placeholder: 'KIND',
    default: 'sqlite',
    help: 'sqlite (one file in data-dir), memory (gone at exit), or http(s)://HOST:2379[,…] of an etcd, which several servers may share',
    check: checkDatastore,
  },
  file('datastore-cafile', "authority of etcd's certificate (default: the system's)"),
  file('datastore-certfile', 'certificate to show to etcd'),
  file('datastore-keyfile', 'key of --datastore-certfile'),
  {
    name: 'etcd-servers',
    type: 'list',
    placeholder: 'URL',
    help: "kube-apiserver's name for the members of an etcd in --datastore-endpoint; repeatable",
    check: checkMembers,
  },
  file('etcd-cafile', "kube-apiserver's name for --datastore-cafile"),
  file('etcd-certfile', "kube-apiserver's name for --datastore-certfile"),
  file('etcd-keyfile', "kube-apiserver's name for --datastore-keyfile"),
  {
    name: 'etcd-prefix',
    type: 'string',
    placeholder: 'PREFIX',
    default: '/registry',
    help: "what the cluster's keys in an etcd begin with",
    check: checkPrefix,
  },
  time(
    'etcd-compaction-interval',
    '5m0s',
    'how often an etcd is made to forget the past; 0s: never, as somebody else does it',
  ),
  {
    name: 'endpoint-reconciler-type',
    type: 'string',
    placeholder: 'WORD',
    default: 'lease',
    help: 'who keeps the endpoints of the Service "kubernetes": lease (each server, while it lives), master-count (so many as --apiserver-count says, living or not) or none',
    check: text => {
      if (!reconcilers.includes(text)) throw new Error(`"${text}" is none of ${reconcilers.join(', ')}`)
    },
  },
  {
    name: 'apiserver-count',
    type: 'integer',
    placeholder: 'N',
    default: '1',
    help: 'how many servers there are, for --endpoint-reconciler-type=master-count',
    check: text => {
      if (Number(text) < 1) throw new Error(`"${text}" is no positive number`)
    },
  },
]
