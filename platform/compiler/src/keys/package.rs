//! Keys of `package.yaml`.

use super::{ABOUT, LABEL, Shape, Table, key, needed};

const PLUGIN: Table = Table {
    owner: "a plugin",
    keys: &[
        needed("component", Shape::Text, "The component's file.", "plugin.wasm"),
        key("contract", Shape::Text, "The WIT package it is built for."),
        key("size", Shape::Word(&["small", "large"]), "Which engine it needs: `large` for what brings a language's own."),
        key("on_fault", Shape::Word(&["refuse", "skip"]), "What a fault does to a save."),
    ],
};

/// What a person writes in `package.yaml`.
pub(crate) const PACKAGE: Table = Table {
    owner: "a package",
    keys: &[
        needed("format", Shape::Word(&[crate::checks::format::VERSION]), "The version of the format.", "tenon/v1"),
        needed("package", Shape::Text, "Its name, which is its namespace too.", "acme_score"),
        key("publisher", Shape::Text, "Who publishes it."),
        needed("version", Shape::Text, "Semantic version.", "1.0.0"),
        LABEL,
        ABOUT,
        key("platform", Shape::Text, "Versions of the platform it runs on."),
        key("requires", Shape::Names(&Shape::Text), "Packages it needs, with versions."),
        key("plugin", Shape::Table(&PLUGIN), "Its WebAssembly component."),
        key("grants", Shape::Any, "What its plugin asks for."),
        key("settings", Shape::Names(&Shape::Any), "What an administrator sets, like fields."),
        key("uninstall", Shape::Word(&["keep", "purge"]), "What happens to its data."),
    ],
};
