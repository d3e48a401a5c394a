//! Why a `.tenon` file is not taken.

use tenon_diagnostics::{Classify, Kind, Problem};

use super::limits::{BUNDLE_BYTES_MAX, ENTRIES_MAX, METADATA_FILE_MAX, PATH_MAX, UNPACKED_MAX};

/// Why a `.tenon` file is not taken. Nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not a `.tenon` file at all.
    #[error("this is no package: {0}")]
    NotAPackage(&'static str),
    /// It ends in the middle.
    #[error("the package is cut off")]
    Truncated,
    /// Its bytes are not those that were packed.
    #[error("the package is damaged: {0}")]
    Damaged(String),
    /// More bytes than [`BUNDLE_BYTES_MAX`].
    #[error("the package has {0} bytes, {BUNDLE_BYTES_MAX} are allowed")]
    TooLarge(usize),
    /// More bytes than [`UNPACKED_MAX`] come out of it.
    #[error("more than {UNPACKED_MAX} bytes come out of the package")]
    Unpacked,
    /// More files than [`ENTRIES_MAX`].
    #[error("the package has more than {ENTRIES_MAX} files")]
    Entries,
    /// A file of metadata larger than [`METADATA_FILE_MAX`].
    #[error("`{0}` has more than {METADATA_FILE_MAX} bytes")]
    FileTooLarge(String),
    /// A path that leads elsewhere, or that no package has.
    #[error("`{}` is no path of a package: {reason} (at most {PATH_MAX} letters)", path.escape_default())]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Its index is wrong.
    #[error("the package's index is wrong: {0}")]
    Index(String),
    /// Its manifest is wrong.
    #[error("`package.yaml`: {0}")]
    Manifest(String),
    /// Its component is wrong.
    #[error("`plugin.wasm`: {0}")]
    Component(String),
    /// A host test is wrong.
    #[error("`{path}`: {reason}")]
    Test {
        /// Its file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A key that is none.
    #[error("this is no key of ed25519: {0}")]
    Key(&'static str),
    /// Nobody has signed it.
    #[error("nobody has signed this package")]
    Unsigned,
    /// The signature is not that of the index.
    #[error("the signature is wrong: what was signed is something else")]
    Signature,
    /// Signed by somebody this server does not know, or does not know under that name.
    #[error("`{publisher}` with the key {key} is not among the publishers this server trusts")]
    Untrusted {
        /// Who it says it is from.
        publisher: String,
        /// With which key it is signed.
        key: String,
    },
}

impl BundleError {
    /// The stable word for programs.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NotAPackage(_) => "package/not-a-package",
            Self::Truncated => "package/truncated",
            Self::Damaged(_) => "package/damaged",
            Self::TooLarge(_) => "package/too-large",
            Self::Unpacked => "package/unpacked",
            Self::Entries => "package/entries",
            Self::FileTooLarge(_) => "package/file-too-large",
            Self::Path { .. } => "package/path",
            Self::Index(_) => "package/index",
            Self::Manifest(_) => "package/manifest",
            Self::Component(_) => "package/component",
            Self::Test { .. } => "package/test",
            Self::Key(_) => "package/key",
            Self::Unsigned => "package/unsigned",
            Self::Signature => "package/signature",
            Self::Untrusted { .. } => "package/untrusted",
        }
    }

    const fn chinese(&self) -> &'static str {
        match self {
            Self::NotAPackage(_) => "这不是扩展包文件",
            Self::Truncated => "扩展包文件不完整",
            Self::Damaged(_) => "扩展包文件已损坏",
            Self::TooLarge(_) | Self::Unpacked | Self::Entries | Self::FileTooLarge(_) => "扩展包超出限制",
            Self::Path { .. } => "扩展包内的路径不合法",
            Self::Index(_) => "扩展包索引有误",
            Self::Manifest(_) => "package.yaml 有误",
            Self::Component(_) => "plugin.wasm 有误",
            Self::Test { .. } => "扩展包的测试文件有误",
            Self::Key(_) => "密钥格式有误",
            Self::Unsigned => "扩展包未签名",
            Self::Signature => "扩展包签名不正确",
            Self::Untrusted { .. } => "扩展包的发布者不受信任",
        }
    }
}

impl Classify for BundleError {
    fn kind(&self) -> Kind {
        match self {
            Self::TooLarge(_) | Self::Unpacked | Self::Entries => Kind::Exhausted,
            Self::Unsigned | Self::Signature | Self::Untrusted { .. } => Kind::Refused,
            _ => Kind::Invalid,
        }
    }

    fn problem(&self) -> Problem {
        let max = |max: usize| u64::try_from(max).unwrap_or(u64::MAX);
        match self {
            Self::TooLarge(bytes) => Problem::exhausted("package_bytes", max(BUNDLE_BYTES_MAX), max(*bytes)),
            Self::Unpacked => Problem::exhausted("package_unpacked_bytes", max(UNPACKED_MAX), max(UNPACKED_MAX) + 1),
            Self::Entries => Problem::exhausted("package_entries", max(ENTRIES_MAX), max(ENTRIES_MAX) + 1),
            other => {
                let problem = Problem::invalid(other.rule(), other.to_string(), format!("{}:{other}", other.chinese()));
                Problem { kind: other.kind(), ..problem }
            }
        }
    }
}
