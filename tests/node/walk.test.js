// The way of docs/isv.md, walked as an author does: from an empty folder outside the repository, by the program alone.
// Only the compiled standard library is borrowed from the plugins of this repository (`wasm` beside the program's folder), for it takes minutes.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'

import { ask, program, startTenon } from './tenon.js'

const WON = 'mutation { createOpportunity(input: { name: "Big", stage: WON }) { id } }'
const PUBLISHER = /ed25519:[0-9a-f]{64}/

let empty, folder, publisher, tenon

/** Runs the program in a folder: its exit, what it printed, what it said. */
function run(cwd, ...words) {
  const tenant = tenon && { TENON_URL: tenon.url, TENON_TENANT: 'acme', TENON_KEY: tenon.key }
  return new Promise((done) => {
    execFile(program(), words, { cwd, env: { ...process.env, ...tenant } }, (error, stdout, stderr) => {
      done({ code: error ? error.code : 0, stdout, stderr })
    })
  })
}

/** The same in the package, where it must end well. */
async function well(...words) {
  const { code, stdout, stderr } = await run(folder, ...words)
  assert.equal(code, 0, `${words.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

async function edit(file, from, to) {
  const place = join(folder, file)
  const text = await readFile(place, 'utf8')
  assert.ok(text.includes(from), `${file} has no ${from}`)
  await writeFile(place, text.replace(from, to))
}

/** Packs and signs; what `install` takes. */
async function signed(version) {
  await well('plugin', 'build')
  await well('plugin', 'pack')
  await well('plugin', 'sign', `acme_score-${version}.tenon`, '--secret', 'acme.key')
  return `acme_score-${version}.tenon`
}

async function installed() {
  const all = JSON.parse(await well('package', 'list', '--json'))
  const { state, version } = all.find((one) => one.name === 'acme_score')
  return `${version} ${state}`
}

before(async () => {
  empty = await mkdtemp(join(tmpdir(), 'tenon-walk-'))
  folder = join(empty, 'acme_score')
})
after(async () => {
  await tenon?.stop()
  if (empty) await rm(empty, { recursive: true, force: true })
})

describe('an author outside the repository', () => {
  it('begins a package, and is told where there is none', async () => {
    const nowhere = await run(empty, 'plugin', 'test')
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.stderr, /there is no `package\.yaml`.*tenon plugin new/s)
    const made = await run(empty, 'plugin', 'new', 'acme_score', '--publisher', 'acme')
    assert.equal(made.code, 0, made.stderr)
    const built = resolve(dirname(program()), '..', 'wasm')
    await mkdir(built, { recursive: true })
    await mkdir(join(folder, 'target'))
    await symlink(built, join(folder, 'target', 'wasm'))
    const unbuilt = await run(folder, 'plugin', 'pack')
    assert.match(unbuilt.stderr, /`plugin\.wasm`: it is missing: build it by `tenon plugin build`/)
  })

  it('tests it in the real host', async () => {
    assert.match(await well('plugin', 'test', '--host'), /^ok {6}tests\/won_deal\.yaml: a won deal needs a close date/)
  })

  it('packs and signs it', async () => {
    publisher = `acme=${PUBLISHER.exec(await well('plugin', 'keygen', '--out', 'acme.key'))[0]}`
    const file = await signed('0.1.0')
    const inspected = await well('plugin', 'inspect', file, '--publisher', publisher)
    for (const line of ['  records.opportunity.read (stage, close_date)', '  hook.before_save.opportunity (create, update)']) {
      assert.ok(inspected.split('\n').includes(line), inspected)
    }
    const stranger = await run(folder, 'plugin', 'inspect', file, '--publisher', `acme=ed25519:${'0'.repeat(63)}1`)
    assert.notEqual(stranger.code, 0, stranger.stdout)
  })

  it('installs it with consent, and it is asked', async () => {
    tenon = await startTenon({ serve: ['--publisher', publisher] })
    const asked = await run(folder, 'package', 'install', 'acme_score-0.1.0.tenon')
    assert.equal(asked.code, 3, asked.stderr)
    assert.match(asked.stderr, /help: .*--grant-all.*--grant records\.opportunity\.read --grant hook\.before_save\.opportunity/)
    assert.ok(await ask(tenon, WON), 'nobody is asked before it is installed')
    await well('package', 'install', 'acme_score-0.1.0.tenon', '--grant-all')
    await assert.rejects(ask(tenon, WON), /CLOSE_DATE_MISSING/)
  })

  it('upgrades it', async () => {
    await edit('package.yaml', 'version: 0.1.0', 'version: 0.2.0')
    const forgotten = await run(folder, 'plugin', 'pack')
    assert.match(forgotten.stderr, /`Cargo\.toml`.*the same name and version, then build again/)
    await edit('Cargo.toml', 'version = "0.1.0"', 'version = "0.2.0"')
    await edit('package.yaml', '[stage, close_date]', '[stage, close_date, amount]')
    await mkdir(join(folder, 'objects', 'opportunity'), { recursive: true })
    const object = 'format: tenon/v1\nobject: opportunity\nfields:\n  value: { type: integer, label: { en: Value, zh: 价值 } }\n'
    await writeFile(join(folder, 'objects', 'opportunity', 'object.yaml'), object)
    await well('plugin', 'build')
    const foreign = await run(folder, 'plugin', 'pack')
    assert.match(foreign.stderr, /package\/namespace.*help: call it `acme_score_value`/s)
    await edit(join('objects', 'opportunity', 'object.yaml'), '  value:', '  acme_score_value:')
    await well('package', 'upgrade', await signed('0.2.0'), '--grant', 'records.opportunity.read')
    assert.equal(await installed(), '0.2.0 installed')
    assert.ok(await ask(tenon, '{ opportunities { nodes { acmeScoreValue } } }'))
  })

  it('goes back without being asked for less than was agreed to', async () => {
    const unconfirmed = await run(folder, 'package', 'rollback', 'acme_score')
    assert.equal(unconfirmed.code, 3, unconfirmed.stderr)
    assert.match(unconfirmed.stderr, /help: confirm by --confirm opportunity\.fields\.acme_score_value/)
    await well('package', 'rollback', 'acme_score', '--confirm', 'opportunity.fields.acme_score_value')
    assert.equal(await installed(), '0.1.0 installed')
    await assert.rejects(ask(tenon, WON), /CLOSE_DATE_MISSING/)
  })

  it('takes it out', async () => {
    await well('package', 'uninstall', 'acme_score')
    assert.equal(await installed(), '0.1.0 kept')
    assert.ok(await ask(tenon, WON))
  })
})
