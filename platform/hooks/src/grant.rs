//! What a package was granted of records. A plugin acts as its caller, as far as this goes.

/// What a package was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Grant {
    /// Whatever the caller may: what an operator gives who installs a plugin for everybody.
    #[default]
    Caller,
    /// These objects.
    Records(Vec<ObjectGrant>),
}

/// What a package was granted of one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectGrant {
    /// API name of the object.
    pub object: String,
    /// What it reads. Nothing: the object is not seen at all.
    pub read: Names,
    /// What it writes. Records are deleted only where this is everything.
    pub write: Names,
}

/// Fields and relations by API name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Names {
    /// None.
    #[default]
    Nothing,
    /// These.
    These(Vec<String>),
    /// `"*"`.
    Everything,
}

impl Names {
    /// Whether the name is among them.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::These(names) => names.iter().any(|one| one == name),
            Self::Everything => true,
        }
    }
}
