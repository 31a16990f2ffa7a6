import { describe, expect, test } from 'bun:test'
import { fileTokens, readTokenFile } from './token-file.ts'

const read = (text: string) => {
  const warnings: string[] = []
  const users = readTokenFile({ path: '/t.csv', text, warn: message => void warnings.push(message) })
  return { users: Object.fromEntries(users), warnings }
}

describe('a file of tokens', () => {
  test('names a user, a UID and groups for each token', () => {
    const { users, warnings } = read(
      'a,ann,1\r\n\nb,"ben, the second",2,"x,y",more\nc,"say ""hi""\nagain",,"x"\nd,dora,4,\n',
    )
    expect(users).toEqual({
      a: { username: 'ann', uid: '1', groups: [] },
      b: { username: 'ben, the second', uid: '2', groups: ['x', 'y'] },
      c: { username: 'say "hi"\nagain', groups: ['x'] },
      d: { username: 'dora', uid: '4', groups: [''] },
    })
    expect(warnings).toEqual([])
  })

  test('may hold empty and repeated tokens, which are told; the last one counts', () => {
    const { users, warnings } = read(',nobody,0\na,ann,1\na,anna,2\n')
    expect(users).toEqual({ a: { username: 'anna', uid: '2', groups: [] } })
    expect(warnings).toEqual([
      "empty token has been found in token file '/t.csv', record number '1'",
      "duplicate token has been found in token file '/t.csv', record number '3'",
    ])
  })

  test.each([
    ['a,ann\n', "token file '/t.csv' must have at least 3 columns (token, user name, user uid), found 2"],
    ['a,ann,1\nb,"b"x,1\n', 'Invalid Closing Quote: got "x" at line 2'],
    ['a,ä"b,1\n', 'Invalid Opening Quote: a quote is found on field 1 at line 1'],
    ['a,"ann', 'Quote Not Closed: the parsing is finished with an opening quote at line 1'],
  ])('%j is refused', (text, why) => {
    expect(() => read(text)).toThrow(why)
  })

  test('is good for the audiences of this server alone', async () => {
    const tokens = fileTokens(new Map([['a', { username: 'ann', groups: [] }]]), ['api', 'hutch'])
    expect(await tokens('a', ['hutch', 'other'])).toMatchObject({ kind: 'user', audiences: ['hutch'] })
    expect(await tokens('a', ['other'])).toEqual({ kind: 'unknown' })
    expect(await tokens('b', ['api'])).toEqual({ kind: 'unknown' })
  })
})
