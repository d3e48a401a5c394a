//! What a bundle promises: the same bytes, and a named refusal of everything that is not one.

use std::collections::BTreeMap;

use tenon_plugin_host::Size;

use super::{Bundle, BundleError, COMPONENT, MANIFEST, PublicKey, Publishers, SecretKey, archive, seal};

const SEED: &str = "tenon-secret-ed25519:9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
/// The public key of the first test of RFC 8032 §7.1, whose secret one is above.
const PUBLIC: &str = "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn manifest(version: &str) -> Vec<u8> {
    format!("format: tenon/v1\npackage: acme_score\npublisher: acme\nversion: {version}\nlabel: {{ en: Score, zh: 评分 }}\n").into_bytes()
}

fn files() -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([
        (MANIFEST.to_owned(), manifest("1.2.0")),
        ("objects/acme_score_rule/object.yaml".to_owned(), b"format: tenon/v1\nobject: acme_score_rule\n".to_vec()),
        ("README.md".to_owned(), b"# Score\n".to_vec()),
    ])
}

fn key() -> SecretKey {
    SEED.parse().unwrap()
}

fn signed() -> Vec<u8> {
    Bundle::pack(files()).unwrap().signed(&key()).bytes().unwrap()
}

fn trusting() -> Publishers {
    let mut publishers = Publishers::default();
    publishers.trust(&format!("acme={PUBLIC}")).unwrap();
    publishers
}

/// A bundle of raw entries, as only somebody with bad intentions would write it.
fn raw(entries: &[(&str, &[u8])]) -> Vec<u8> {
    seal::close(&archive::write(entries.iter().copied()).unwrap()).unwrap()
}

fn refused(bytes: &[u8]) -> &'static str {
    Bundle::read(bytes).unwrap_err().rule()
}

#[test]
fn equal_files_make_equal_bytes_and_come_back() {
    assert_eq!(signed(), signed());
    let bundle = Bundle::read(&signed()).unwrap();
    assert_eq!((bundle.index.package.as_str(), bundle.index.version.as_str()), ("acme_score", "1.2.0"));
    assert_eq!(bundle.file("README.md"), Some(b"# Score\n".as_slice()));
    assert_eq!(bundle.metadata().len(), 2);
    assert_eq!(bundle.bytes().unwrap(), signed());
    assert_eq!(bundle.digest(), Bundle::pack(files()).unwrap().digest());
}

#[test]
fn a_key_is_that_of_the_standard() {
    assert_eq!(key().public().to_string(), PUBLIC);
    assert_eq!(key().text(), SEED);
    assert!(matches!(PUBLIC.parse::<SecretKey>(), Err(BundleError::Key(_))));
    assert!(matches!("ed25519:00".parse::<PublicKey>(), Err(BundleError::Key(_))));
    assert_ne!(SecretKey::generate().unwrap().text(), SecretKey::generate().unwrap().text());
}

#[test]
fn only_who_is_trusted_is_taken() {
    let bundle = Bundle::read(&signed()).unwrap();
    assert_eq!(trusting().verify(&bundle), Ok(()));
    assert_eq!(Publishers::default().verify(&bundle).unwrap_err().rule(), "package/untrusted");
    let unsigned = Bundle::pack(files()).unwrap();
    assert_eq!(trusting().verify(&unsigned), Err(BundleError::Unsigned));
    assert_eq!(trusting().and_unsigned(true).verify(&unsigned), Ok(()));
    let other = Bundle::pack(files()).unwrap().signed(&SecretKey::generate().unwrap());
    assert_eq!(trusting().and_unsigned(true).verify(&other).unwrap_err().rule(), "package/untrusted");
}

#[test]
fn a_signature_of_another_version_does_not_fit() {
    let old = Bundle::pack(files()).unwrap().signed(&key());
    let mut newer = files();
    newer.insert(MANIFEST.to_owned(), manifest("1.3.0"));
    let forged = Bundle { signature: old.signature, ..Bundle::pack(newer).unwrap() };
    let read = Bundle::read(&forged.bytes().unwrap()).unwrap();
    assert_eq!(trusting().verify(&read), Err(BundleError::Signature));
}

#[test]
fn a_file_cut_off_anywhere_is_refused_by_name() {
    let whole = signed();
    for end in 0..whole.len() {
        let rule = refused(&whole[..end]);
        assert!(["package/truncated", "package/not-a-package", "package/damaged"].contains(&rule), "{end}: {rule}");
    }
}

#[test]
fn no_bit_changes_unnoticed() {
    let whole = signed();
    for at in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        let rule = refused(&flipped);
        assert!(["package/truncated", "package/not-a-package", "package/damaged"].contains(&rule), "{at}: {rule}");
    }
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for path in
        ["../evil", "/etc/passwd", "objects/../../x.yaml", "objects//x.yaml", "objects/.hidden", "objects\\x", "a b", "", "src/lib.rs"]
    {
        let mut with = files();
        with.insert(path.to_owned(), Vec::new());
        assert_eq!(Bundle::pack(with).unwrap_err().rule(), "package/path", "{path}");
        if !path.is_empty() {
            assert_eq!(refused(&raw(&[(path, b"")])), "package/path", "{path}");
        }
    }
    let mut twice = files();
    twice.insert("ReadMe.md".to_owned(), Vec::new());
    assert_eq!(Bundle::pack(twice).unwrap_err().rule(), "package/path");
    let mut capitals = files();
    capitals.insert("docs/a.md".to_owned(), Vec::new());
    capitals.insert("docs/A.md".to_owned(), Vec::new());
    assert_eq!(Bundle::pack(capitals).unwrap_err().rule(), "package/index");
}

#[test]
fn a_link_in_the_tar_is_refused() {
    let bundle = Bundle::pack(files()).unwrap();
    let index = bundle.index.text();
    let mut tar = archive::write([("index.json", index.as_bytes()), (MANIFEST, b"")]).unwrap();
    // The second header begins after the first file; its kind is at 156, and `2` is a symbolic link.
    let second = 512 + index.len().div_ceil(512) * 512;
    tar[second + 156] = b'2';
    assert_eq!(refused(&seal::close(&tar).unwrap()), "package/path");
}

#[test]
fn what_the_index_does_not_say_is_refused() {
    let bundle = Bundle::pack(files()).unwrap();
    let index = bundle.index.text();
    let mut entries: Vec<(&str, &[u8])> = vec![("index.json", index.as_bytes())];
    let all = files();
    entries.extend(all.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
    assert!(Bundle::read(&raw(&entries)).is_ok());
    let mut more = entries.clone();
    more.push(("tests/more.md", b"x"));
    assert_eq!(refused(&raw(&more)), "package/index");
    let mut fewer = entries.clone();
    fewer.remove(1);
    assert_eq!(refused(&raw(&fewer)), "package/index");
    let mut twice = entries.clone();
    twice.push(entries[entries.len() - 1]);
    assert_eq!(refused(&raw(&twice)), "package/index");
    let spaced = index.replacen(':', ": ", 1);
    let mut other = entries.clone();
    other[0] = ("index.json", spaced.as_bytes());
    assert_eq!(refused(&raw(&other)), "package/index");
    assert_eq!(refused(&raw(&entries[1..])), "package/not-a-package");
}

#[test]
fn a_bomb_is_stopped_while_it_unpacks() {
    let zeros = vec![0; super::UNPACKED_MAX + 1];
    let bomb = seal::close(&zeros).unwrap();
    assert!(bomb.len() < 64 * 1024, "{} bytes", bomb.len());
    assert_eq!(refused(&bomb), "package/unpacked");
    assert_eq!(refused(&vec![0x28; super::BUNDLE_BYTES_MAX + 1]), "package/too-large");
    let many: Vec<String> = (0..=super::ENTRIES_MAX).map(|at| format!("tests/{at:06}")).collect();
    let entries: Vec<(&str, &[u8])> = many.iter().map(|path| (path.as_str(), b"".as_slice())).collect();
    assert_eq!(refused(&raw(&entries)), "package/entries");
    let mut large = files();
    large.insert("roles/acme_score_x.yaml".to_owned(), vec![b' '; super::METADATA_FILE_MAX + 1]);
    assert_eq!(Bundle::pack(large).unwrap_err().rule(), "package/file-too-large");
}

#[test]
fn a_manifest_that_is_wrong_is_refused() {
    let with = |text: &str| {
        let mut files = files();
        files.insert(MANIFEST.to_owned(), text.as_bytes().to_vec());
        Bundle::pack(files).unwrap_err().rule()
    };
    assert_eq!(with(""), "package/manifest");
    assert_eq!(with("format: tenon/v1\npackage: Acme Score\nversion: 1.0.0\nlabel: { en: A, zh: A }\n"), "package/manifest");
    assert_eq!(with("format: tenon/v1\npackage: acme\nversion: one\nlabel: { en: A, zh: A }\n"), "package/manifest");
    let mut without = files();
    without.remove(MANIFEST);
    assert_eq!(Bundle::pack(without).unwrap_err().rule(), "package/manifest");
    let mut stray = files();
    stray.insert(COMPONENT.to_owned(), b"\0asm".to_vec());
    assert_eq!(Bundle::pack(stray).unwrap_err().rule(), "package/manifest");
}

#[test]
fn the_manifest_gives_a_plugin_more_room_and_never_less() {
    let size = |line: &str, own| {
        let text = String::from_utf8(manifest("1.2.0")).unwrap() + line;
        let files = BTreeMap::from([(MANIFEST.to_owned(), text.into_bytes())]);
        let manifest = super::manifest_of(&files)?;
        let index = super::Index::of(&manifest, std::iter::empty());
        Bundle { index, signature: None, manifest, files }.size_of(own)
    };
    let large = "plugin: { component: plugin.wasm, size: large }\n";
    assert_eq!(size("", Size::Large), Ok(Size::Large));
    assert_eq!(size(large, Size::Small), Ok(Size::Large));
    assert_eq!(size(large, Size::Large), Ok(Size::Large));
    assert_eq!(size("plugin: { component: plugin.wasm }\n", Size::Small), Ok(Size::Small));
    assert_eq!(size("plugin: { component: plugin.wasm, size: small }\n", Size::Large).unwrap_err().rule(), "package/manifest");
    assert_eq!(size("plugin: { component: plugin.wasm, size: huge }\n", Size::Small).unwrap_err().rule(), "package/manifest");
}
