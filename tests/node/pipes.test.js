// What the command line does where nobody reads its result to the end, or nobody can.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'

import { program } from './tenon.js'

let folder

/** What a shell says on stderr; `$0` is the program, `$1` a file that is not there yet. */
function said(script, file) {
  return new Promise((done) => {
    execFile('sh', ['-c', script, program(), join(folder, file)], (_, stdout, stderr) => done(stderr))
  })
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenon-pipes-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describe('a result', () => {
  it('may be read in part: the verb has done its work, and says nothing', async () => {
    const gone = '{ sleep 0.5; "$0" --quiet plugin keygen --out "$1"; echo "exit $?" >&2; } | true'
    assert.equal(await said(gone, 'one.key'), 'exit 0\n')
    assert.ok((await readFile(join(folder, 'one.key'), 'utf8')).length > 0)
  })

  it('that cannot be written is a failure', async () => {
    const full = '"$0" --quiet plugin keygen --out "$1" > /dev/full; echo "exit $?" >&2'
    assert.match(await said(full, 'two.key'), /^error: cannot write the result: .*\nexit 1\n$/)
  })
})
