//! Compiled components on disk: made once, in a child process where there is one, and believed only with our seal.
//!
//! A file is named by what it was compiled from and by what for (component and engine), and begins with a MAC under a
//! key of this data directory. Invariants: code that did not come from our own compiler never runs; what does not fit is
//! compiled anew; a cache that cannot be read or written costs time and nothing else.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::limits::Size;
use crate::{LoadError, engine};

/// The argument with which the program runs itself as a compiler.
pub const COMPILE_VERB: &str = "compile-plugin-for-parent";

/// Components kept compiled (`compiled_plugins`); of more the oldest go when a server starts.
const KEPT_MAX: usize = 1_000;
/// Bytes of a compiler's complaint that are read.
const COMPLAINT_BYTES: usize = 1_000;
/// Bytes of the seal.
const SEAL_BYTES: usize = 32;

/// Where compiled components lie.
#[derive(Clone, Debug)]
pub struct AotCache {
    folder: PathBuf,
    key: [u8; 32],
    /// The program that compiles apart from this process.
    program: Option<PathBuf>,
}

impl AotCache {
    /// A cache in a folder, sealed with a key that nobody outside knows. `program` understands [`COMPILE_VERB`].
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn open(folder: &Path, key: [u8; 32], program: Option<PathBuf>) -> Result<Self, LoadError> {
        let failed = |error: std::io::Error| LoadError::File { file: folder.display().to_string(), reason: error.to_string() };
        std::fs::create_dir_all(folder).map_err(failed)?;
        forget_oldest(folder);
        Ok(Self { folder: folder.to_owned(), key, program })
    }

    /// The component, from disk where it is there and ours.
    pub(crate) fn component(&self, engine: &Engine, size: Size, bytes: &[u8]) -> wasmtime::Result<Component> {
        let file = self.folder.join(name(engine, bytes));
        if let Some(component) = self.known(engine, &file) {
            return Ok(component);
        }
        let code = match self.apart(size, bytes) {
            Some(code) => code?,
            None => engine.precompile_component(bytes)?,
        };
        self.keep(&file, &code);
        match sealed_here(engine, &code) {
            Some(component) => Ok(component),
            // A child of another build compiles for another engine.
            None => Component::from_binary(engine, bytes),
        }
    }

    fn known(&self, engine: &Engine, file: &Path) -> Option<Component> {
        let held = std::fs::read(file).ok()?;
        let (seal, code) = held.split_at_checked(SEAL_BYTES)?;
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.key).ok()?;
        mac.update(code);
        if mac.verify_slice(seal).is_err() {
            tracing::warn!(file = %file.display(), "a compiled plugin does not bear our seal, and is compiled anew");
            return None;
        }
        sealed_here(engine, code)
    }

    fn keep(&self, file: &Path, code: &[u8]) {
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&self.key) else { return };
        mac.update(code);
        let fresh = file.with_extension(format!("{}.new", std::process::id()));
        let write = || {
            let mut open = std::fs::File::create(&fresh)?;
            open.write_all(&mac.finalize().into_bytes())?;
            open.write_all(code)?;
            open.sync_all()?;
            // Whoever reads meets the old file or the new one, never a part.
            std::fs::rename(&fresh, file)
        };
        if let Err(error) = write() {
            tracing::warn!(%error, file = %file.display(), "a compiled plugin could not be kept");
            std::fs::remove_file(&fresh).ok();
        }
    }

    /// Compiles in a child process: what a hostile component does to the compiler, it does to that. None where there is no
    /// such program; what it fails at is not tried again here.
    fn apart(&self, size: Size, bytes: &[u8]) -> Option<wasmtime::Result<Vec<u8>>> {
        let child = Command::new(self.program.as_ref()?)
            .args([COMPILE_VERB, size.word()])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        match child {
            Ok(child) => Some(compiled_by(child, bytes)),
            Err(error) => {
                tracing::warn!(%error, "plugins are compiled in this process");
                None
            }
        }
    }
}

/// What a child made of a component.
fn compiled_by(mut child: Child, bytes: &[u8]) -> wasmtime::Result<Vec<u8>> {
    // The child reads all before it writes, so this does not wait for itself.
    let wrote = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(bytes).is_ok());
    let done = child.wait_with_output()?;
    if wrote && done.status.success() && !done.stdout.is_empty() {
        return Ok(done.stdout);
    }
    let complaint = done.stderr.get(..COMPLAINT_BYTES.min(done.stderr.len())).unwrap_or_default();
    Err(wasmtime::Error::msg(format!("it does not compile: {}", String::from_utf8_lossy(complaint).trim())))
}

/// Removes the files that were written first, where there are too many.
fn forget_oldest(folder: &Path) {
    let written = |entry: std::fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
    let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(written).collect();
    files.sort();
    let over = files.len().saturating_sub(KEPT_MAX);
    for (_, file) in files.into_iter().take(over) {
        std::fs::remove_file(file).ok();
    }
}

/// Named by component and engine, so that a new engine finds nothing of the old one.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    struct Into256(Sha256);
    impl std::hash::Hasher for Into256 {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut hasher = Into256(Sha256::new());
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hasher);
    hasher.0.update(Sha256::digest(bytes));
    let digest = hasher.0.finalize();
    let letters: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{letters}.cwasm")
}

/// The component of code whose seal was checked, or that was compiled just now.
fn sealed_here(engine: &Engine, code: &[u8]) -> Option<Component> {
    #[expect(unsafe_code, reason = "compiled code is trusted: it bears our seal, or our own compiler made it")]
    // SAFETY: `code` came from `precompile_component` of this program: just now, or under a seal nobody else can make.
    let component = unsafe { Component::deserialize(engine, code) };
    component.ok()
}

/// The child's side: a component on standard input, its code on standard output.
///
/// # Errors
/// What cannot be read, compiled or written.
pub fn compile_for_parent(size: &str) -> Result<(), LoadError> {
    let size = Size::from_word(size).ok_or_else(|| LoadError::Engine(format!("no engine is called `{}`", size.escape_default())))?;
    let failed = |error: std::io::Error| LoadError::File { file: "standard input or output".to_owned(), reason: error.to_string() };
    let most = u64::try_from(crate::COMPONENT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > crate::COMPONENT_BYTES_MAX {
        return Err(LoadError::TooLarge(bytes.len()));
    }
    let code = engine::start(size)?.precompile_component(&bytes).map_err(|error| LoadError::NotAComponent(error.to_string()))?;
    std::io::stdout().lock().write_all(&code).map_err(failed)
}
