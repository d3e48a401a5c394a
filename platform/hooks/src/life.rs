//! The moments of a package's life at which its plugin may be called.

/// A moment of a package's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LifeMoment {
    /// It is installed where it is not.
    Install,
    /// It takes the place of an older version: data is moved.
    Upgrade,
    /// It is taken out.
    Uninstall,
}

impl LifeMoment {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Install, Self::Upgrade, Self::Uninstall];

    /// The word in manifests, and the name by which it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::Uninstall => "uninstall",
        }
    }

    /// The moment of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|moment| moment.word() == word)
    }
}
