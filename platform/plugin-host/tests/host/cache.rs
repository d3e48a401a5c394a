//! Compiled components on disk: believed only with the seal, and never needed.

use std::path::PathBuf;

use tenon_plugin_host::{AotCache, PluginHost};

use crate::setting::{create, package, patient, tenant};

fn files(folder: &tempfile::TempDir) -> Vec<PathBuf> {
    std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn host(folder: &tempfile::TempDir, key: u8) -> PluginHost {
    let cache = AotCache::open(folder.path(), [key; 32], None).unwrap();
    let host = PluginHost::with_cache(patient(), Some(cache)).unwrap();
    host.install(tenant(), package("unruly")).unwrap();
    host
}

#[tokio::test]
async fn a_component_is_compiled_once_and_believed_under_our_seal_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert!(create(&host(&folder, 1), &["any"]).await.is_ok());
    let [file] = files(&folder).try_into().unwrap();
    let sealed = std::fs::read(&file).unwrap();
    assert!(create(&host(&folder, 1), &["any"]).await.is_ok());
    assert_eq!(std::fs::read(&file).unwrap(), sealed, "the second start finds it");
    // Somebody changes one bit of the code, or brings a seal of his own, or cuts it short: it is compiled anew.
    let mut bent = sealed.clone();
    let place = bent.len() / 2;
    bent[place] ^= 1;
    for wrong in [bent, sealed[..40].to_vec(), Vec::new()] {
        std::fs::write(&file, &wrong).unwrap();
        assert!(create(&host(&folder, 1), &["any"]).await.is_ok());
        assert_eq!(std::fs::read(&file).unwrap().len(), sealed.len());
    }
    assert!(create(&host(&folder, 2), &["any"]).await.is_ok(), "another key believes nothing of it");
    assert_ne!(std::fs::read(&file).unwrap(), sealed);
}

#[tokio::test]
async fn without_a_compiler_of_its_own_or_a_folder_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let cache = AotCache::open(folder.path(), [1; 32], Some("/nowhere/tenon".into())).unwrap();
    let host = PluginHost::with_cache(patient(), Some(cache)).unwrap();
    std::fs::remove_dir(folder.path()).unwrap();
    host.install(tenant(), package("unruly")).unwrap();
    assert!(create(&host, &["any"]).await.is_ok());
}
