import type { OracleCase } from './case.ts'

const pages = [
  ...['/', '/api', '/api/', '/api/v1', '/api/v1/', '/apis', '/apis/', '/apis/apps', '/apis/apps/'],
  ...[
    '/apis/apps/v1',
    '/apis/apps/v1/',
    '/version',
    '/version/',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
  ],
  ...['/openapi/v3/api/v1', '/openapi/v3/apis/apps/v1', '/openapi', '/openapi/v2/', '/healthz', '/livez'],
  ...['/readyz', '/healthz/ping', '/livez/ping', '/readyz/etcd', '/healthz/nonsense', '/logs'],
  ...[
    '/.well-known/openid-configuration',
    '/openid/v1/jwks',
    '/openid/v1/jwks/',
    '/.well-known/',
    '/nonsense',
  ],
  ...[
    '/apis/nonsense.example.org',
    '/apis/nonsense.example.org/v1',
    '/apis/apps/v9',
    '/api/v9',
    '/api/v1/nonsense',
  ],
  ...['/apis/apps/v1/nonsense', '/healthz/', '/livez/', '/favicon.ico', '/debug'],
  ...['/swaggerapi', '/swagger.json', '/swagger-ui/', '/ui', '/index.html', '/statusz', '/flagz', '/configz'],
]
const kinds = [
  ...['/api/v1/namespaces', '/api/v1/nodes', '/api/v1/pods', '/api/v1/namespaces/oracle/pods'],
  ...['/api/v1/namespaces/oracle', '/api/v1/namespaces/oracle/status', '/api/v1/namespaces/oracle/finalize'],
  ...['/api/v1/namespaces/oracle/pods/absent', '/api/v1/namespaces/oracle/pods/absent/status'],
  ...['/api/v1/namespaces/oracle/pods/absent/log', '/api/v1/namespaces/oracle/pods/absent/exec'],
  ...['/api/v1/namespaces/oracle/pods/absent/binding', '/api/v1/namespaces/oracle/pods/absent/nonsense'],
  ...['/api/v1/namespaces/oracle/serviceaccounts/absent/token', '/api/v1/namespaces/oracle/bindings'],
  ...[
    '/api/v1/componentstatuses',
    '/api/v1/componentstatuses/absent',
    '/api/v1/namespaces/oracle/services/absent',
  ],
  ...[
    '/api/v1/namespaces/oracle/services/absent/status',
    '/api/v1/nodes/absent/status',
    '/api/v1/nodes/absent',
  ],
  ...[
    '/apis/apps/v1/namespaces/oracle/deployments/absent/scale',
    '/apis/apps/v1/namespaces/oracle/deployments',
  ],
  ...[
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
  ],
  ...['/apis/authentication.k8s.io/v1/tokenreviews', '/apis/authentication.k8s.io/v1/tokenreviews/absent'],
  ...['/apis/certificates.k8s.io/v1/certificatesigningrequests/absent/approval'],
  ...[
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    '/apis/apiregistration.k8s.io/v1/apiservices',
  ],
  ...['/apis/apiextensions.k8s.io/v1/customresourcedefinitions/absent/status'],
  ...['/apis/apiregistration.k8s.io/v1/apiservices/absent/status', '/apis/policy/v1/poddisruptionbudgets'],
]
const methods = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'POST']
/** What would take all of a kind away, or hold the request. */
const isDrastic = (method: string, path: string) =>
  method === 'DELETE' && !path.includes('absent') && kinds.includes(path)

/** What these say is about each server itself, or about what other tracks define meanwhile. */
const own =
  /^\/+(?:$|index\.html|apis\/*$|openapi\/v[23]\/*$)|jwks|(?:openid-configuration|componentstatuses|apiservices|customresourcedefinitions)$/

function asked(method: string, path: string): OracleCase {
  const isDocument = path.startsWith('/openapi/v3/a')
  return {
    name: `path: ${method} ${path}`,
    method,
    path,
    ...(own.test(path) && { isHeadOnly: true }),
    ...(isDocument && { isDocument }),
  }
}

const twisted = [
  ...['//', '//api', '/api//', '//api//v1', '/api//v1', '/api/v1//', '/api/v1//pods', '//api/v1/pods'],
  ...['/api/v1/pods//', '/api/v1/namespaces//oracle/pods', '/api/v1/namespaces/oracle//pods'],
  ...[
    '/api/v1/namespaces//pods',
    '/api/v1/namespaces/oracle/pods//absent',
    '/api/v1/namespaces/oracle/pods/',
  ],
  ...['/api/v1/namespaces/oracle/pods/absent/', '/api/v1/namespaces/oracle/pods/absent//', '/api/v1//nodes'],
  ...['/api/v1/namespaces/oracle/pods/absent//log', '/api/v1/namespaces/oracle/pods/absent/status/'],
  ...['/apis//apps/v1/deployments', '/apis/apps//v1/deployments', '/apis/apps/v1//deployments'],
  ...['//apis', '/apis//', '///apis', '/apis///', '//apis/apps', '/apis//apps', '/apis/apps//v1'],
  ...['//version', '/version//', '//healthz', '/healthz//', '/healthz//ping', '//openapi/v3', '//nonsense'],
  ...['//api//v1/persistentvolumes', '//api//v1//persistentvolumes', '///api/v1/persistentvolumes'],
  ...[
    '/api/v1/%70ods',
    '/%61pi/v1/pods',
    '/api%2Fv1/pods',
    '/api/v1%2Fpods',
    '/api/v1/pods%2F',
    '/api/v1/pods%20',
  ],
  ...[
    '/api/v1/namespaces/%6fracle/pods',
    '/api/v1/namespaces/oracle%2Fpods',
    '/api/v1/namespaces/Oracle/pods',
  ],
  ...[
    '/api/v1/namespaces/oracle/pods/%2e%2e',
    '/api/v1/namespaces/oracle/pods/%2E',
    '/api/v1/namespaces/%2e%2e/pods',
  ],
  ...[
    '/api/v1/namespaces/oracle/pods/a%3Fb',
    '/api/v1/namespaces/oracle/pods/a%23b',
    '/api/v1/namespaces/oracle/pods/a;b',
  ],
  ...[
    '/api/v1/namespaces/oracle/pods/a+b',
    '/api/v1/namespaces/oracle/pods/a%2Bb',
    '/api/v1/namespaces/oracle/pods/%C3%A9',
  ],
  ...[
    '/api/v1/namespaces/oracle/pods/%FF',
    '/api/v1/namespaces/oracle/pods/a:b',
    '/api/v1/namespaces/oracle/pods/a@b',
  ],
  ...[
    '/API/v1/pods',
    '/api/V1/pods',
    '/api/v1/Pods',
    '/Version',
    '/api/v1/pods;a=b',
    '/api/v1/pod',
    '/api/v1/po',
  ],
  ...[
    '/api/v1/watch',
    '/api/v1/watch/',
    '/api/v1/watch/nonsense',
    '/api/v1/proxy',
    '/api/v1/proxy/nodes/absent',
  ],
  ...['/api/v1/redirect/nodes/absent', '/apis/apps/v1/watch', '/api/v1/namespaces/'],
  ...[
    '/api/v1/namespaces/oracle/',
    '/api/v1/namespaces/oracle/nonsense',
    '/api/v1/namespaces/absent/nonsense',
  ],
  ...[
    '/api/v1/namespaces/oracle/namespaces',
    '/api/v1/namespaces/oracle/namespaces/x',
    '/api/v1/namespaces/a/b/c/d/e',
  ],
  ...[
    '/apis/',
    '/apis/apps/v1/namespaces/oracle/deployments/absent/scale/more',
    '/api/v1/nodes/absent/proxy',
  ],
  ...['/api/v1/namespaces/oracle/pods/absent/proxy', '/api/v1/namespaces/oracle/pods/absent/proxy/'],
  ...[
    '/api/v1/namespaces/oracle/services/absent/proxy/a/b?c=d',
    '/api/v1/namespaces/oracle/services/absent/proxy',
  ],
  ...[
    '/api/v1/namespaces/oracle/services/http:absent:80/proxy/',
    '/api/v1/namespaces/oracle/services/a:b:c:d/proxy/',
  ],
  ...[
    '/api/v1/namespaces/oracle/pods/absent/log?follow=maybe',
    '/api/v1/namespaces/oracle/pods/absent/log?tailLines=x',
  ],
  ...['/api/v1/namespaces/oracle/pods/absent/exec?command=x', '/api/v1/namespaces/oracle/pods/absent/attach'],
  ...[
    '/api/v1/namespaces/oracle/pods/absent/portforward?ports=x',
    '/api/v1/namespaces/oracle/pods/absent/portforward',
  ],
  ...[
    '/api/v1/namespaces/oracle/pods/absent/eviction',
    '/api/v1/namespaces/oracle/pods/absent/ephemeralcontainers',
  ],
  ...[
    '/api/v1/namespaces/oracle/pods/absent/resize',
    '/api/v1/namespaces/Bad_Name/pods',
    '/api/v1/namespaces/Bad_Name/pods/x',
  ],
]

const queries = [
  ...[
    '%',
    '%zz',
    'a=%',
    'a=%zz',
    '&&&',
    '=',
    '==',
    ';',
    'a;b',
    'labelSelector',
    'labelSelector=',
    'limit=1;watch=1',
  ],
  ...[
    'labelSelector=%',
    'labelSelector=a%',
    'labelSelector=%ff',
    'fieldSelector=%zz&limit=1',
    '?',
    '?limit=1',
    '#',
    '%00',
  ],
  ...[
    'limit=+1',
    'limit=%2B1',
    'limit=01',
    'limit=0x1',
    'limit=1e0',
    'limit=%201',
    'limit=1&limit=x',
    'limit=x&limit=1',
  ],
  ...['LIMIT=1', 'labelselector=x', 'watch=no&limit=1', 'watch=FALSE', 'watch=F', 'watch=f', 'watch=False'],
  ...[
    'pretty',
    'pretty=',
    'pretty=true',
    'pretty=1&pretty=0',
    'pretty=T',
    'pretty=yes',
    'timeout=1',
    'timeout=1m&timeout=x',
  ],
  ...[
    'timeoutSeconds=0',
    'timeoutSeconds=',
    'timeoutSeconds=1.0',
    'resourceVersion=',
    'resourceVersion=00',
    'resourceVersion=-1',
  ],
  ...[
    'resourceVersion=0x1',
    'resourceVersion=1.0',
    'resourceVersion=18446744073709551615',
    'resourceVersion=18446744073709551616',
  ],
  ...[
    'resourceVersion=9223372036854775808',
    'resourceVersion=9223372036854775807',
    'resourceVersion=%2B1',
    'resourceVersion=1_0',
  ],
  ...[
    'allowWatchBookmarks=maybe',
    'sendInitialEvents=maybe',
    'sendInitialEvents=false',
    'sendInitialEvents=0',
    'sendInitialEvents=',
  ],
  ...[
    'shardSelector=x',
    'includeUninitialized=true',
    'export=true',
    'exact=true',
    'apiVersion=v9',
    'kind=Nonsense',
  ],
]

/** Paths that are none, that say too much, or that are asked in an odd way; queries that are no queries. */
export const pathCases: readonly OracleCase[] = [
  ...[...pages, ...kinds].flatMap(path =>
    methods.filter(method => !isDrastic(method, path)).map(method => asked(method, path)),
  ),
  ...twisted.flatMap(path =>
    ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT']
      .filter(method => !(method === 'POST' && path === '/api/v1/namespaces//pods'))
      .map(method => asked(method, path)),
  ),
  ...queries
    .map(query => (query.includes('watch') ? `${query}&timeoutSeconds=1` : query))
    .flatMap(query => [
      asked('GET', `/api/v1/namespaces/oracle/limitranges?${query}`),
      asked('GET', `/api/v1/namespaces/oracle/limitranges/absent?${query}`),
      asked('GET', `/apis/apps/v1?${query}`),
    ]),
]
