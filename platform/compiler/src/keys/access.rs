//! Keys of roles, of what they may do with an object, and of sharing rules.

use super::{ABOUT, ALIAS_UNTIL, LABEL, Shape, Table, WAS, key, needed};

/// The special rights. One test holds them against the model's.
pub(crate) const SPECIAL: &[&str] = &["export", "import", "mass_update", "metadata", "packages", "audit", "impersonate", "users"];

/// The verbs. One test holds them against the model's.
pub(crate) const VERBS: &[&str] = &["read", "create", "update", "delete", "restore", "destroy", "share", "export", "import"];

/// What may be done with a field.
pub(crate) const FIELD_RIGHTS: &[&str] = &["none", "mask", "read", "write"];

const RULE: Shape = Shape::Text;

/// `roles/<name>.yaml`, without `format` and `role`.
pub(crate) const ROLE: Table = Table {
    owner: "a role",
    keys: &[
        needed("label", Shape::Localized, "What people call it, per language.", "{ en: Sales rep, zh: 销售代表 }"),
        ABOUT,
        key("parent", Shape::Text, "The role whose rights this one has as well."),
        key("landing", Shape::Text, "Where its holders begin: `home`, an object, or a view as in `opportunity.pipeline`."),
        key("portal", Shape::Flag, "True for roles of portal users; staff cannot hold them, and portal users hold no others."),
        key("special", Shape::List(&Shape::Word(SPECIAL)), "Rights that belong to no single object."),
        WAS,
        ALIAS_UNTIL,
    ],
};

const ROWS: Table = Table {
    owner: "`rows`",
    keys: &[
        key("read", RULE, "Which records are seen; all if not said."),
        key("update", RULE, "Which of those can be changed; all of them if not said."),
        key("delete", RULE, "Which can be deleted, restored, destroyed; as `update` if not said."),
        key("share", RULE, "Which can be shared with others; as `update` if not said."),
        key("check", RULE, "What a written record must satisfy afterwards; as `update`, else as `read`, if not said."),
    ],
};

/// One role under `roles:` in `access.yaml`.
pub(crate) const ACCESS: Table = Table {
    owner: "the rights of a role",
    keys: &[
        needed("can", Shape::List(&Shape::Word(VERBS)), "What it may do with records of the object.", "[read, create, update]"),
        key("rows", Shape::Table(&ROWS), "To which records; rules in CEL over the record, `me` and `my`."),
        key(
            "fields",
            Shape::Names(&Shape::Word(FIELD_RIGHTS)),
            "On which fields and relations; `\"*\"` stands for all that are not named.",
        ),
    ],
};

const TO: Table = Table {
    owner: "`to`",
    keys: &[
        key("roles", Shape::List(&Shape::Text), "Holders of these roles."),
        key("teams", Shape::List(&Shape::Text), "Members of the teams of these names."),
    ],
};

/// One sharing rule under `sharing:` in `access.yaml`.
pub(crate) const SHARING: Table = Table {
    owner: "a sharing rule",
    keys: &[
        LABEL,
        ABOUT,
        needed("rows", RULE, "Which records are shared: a rule in CEL.", "stage == 'won'"),
        needed("to", Shape::Table(&TO), "With whom.", "{ roles: [executive] }"),
        key("rights", Shape::List(&Shape::Word(&["read", "update"])), "What they may do with them; `[read]` if not said."),
        WAS,
        ALIAS_UNTIL,
    ],
};

#[cfg(test)]
mod tests {
    use tenon_model::{FieldRight, Special, Verb};

    use super::*;

    #[test]
    fn the_words_of_the_files_are_those_of_the_model() {
        assert_eq!(SPECIAL, Special::ALL.map(Special::word));
        assert_eq!(VERBS, Verb::ALL.map(Verb::word));
        assert_eq!(FIELD_RIGHTS, FieldRight::ALL.map(FieldRight::word));
    }
}
