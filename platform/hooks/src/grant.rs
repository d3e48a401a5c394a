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

impl Grant {
    /// Whether a package is shown a field or relation of an object.
    #[must_use]
    pub fn shows(&self, object: &str, name: &str) -> bool {
        self.has(object, |granted| granted.read.has(name) || granted.write.has(name))
    }

    /// Whether it may change one.
    #[must_use]
    pub fn changes(&self, object: &str, name: &str) -> bool {
        self.has(object, |granted| granted.write.has(name))
    }

    fn has(&self, object: &str, is_granted: impl Fn(&ObjectGrant) -> bool) -> bool {
        match self {
            Self::Caller => true,
            Self::Records(objects) => objects.iter().any(|granted| granted.object == object && is_granted(granted)),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_shown_and_what_is_not_named_is_not_there() {
        let these = |names: &[&str]| Names::These(names.iter().map(|name| (*name).to_owned()).collect());
        let deal = ObjectGrant { object: "opportunity".to_owned(), read: these(&["amount"]), write: these(&["score"]) };
        let grant = Grant::Records(vec![deal]);
        for (name, shown, changed) in [("amount", true, false), ("score", true, true), ("name", false, false)] {
            assert_eq!((grant.shows("opportunity", name), grant.changes("opportunity", name)), (shown, changed), "{name}");
            assert!(!grant.shows("account", name) && Grant::Caller.changes("account", name));
        }
    }
}
