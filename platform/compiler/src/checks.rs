//! What can be wrong with metadata: one file per code, each with its meaning, its words and its examples.
//!
//! Invariant: a diagnostic is made here and nowhere else, so a code has one wording.

pub(crate) mod auto_number;
pub(crate) mod cycle;
pub(crate) mod default;
pub(crate) mod duplicate;
pub(crate) mod duplicate_option;
pub(crate) mod filter;
pub(crate) mod format;
pub(crate) mod inverse;
pub(crate) mod label_missing;
pub(crate) mod label_twice;
pub(crate) mod limit;
pub(crate) mod missing_key;
pub(crate) mod name_ascii;
pub(crate) mod name_clash;
pub(crate) mod name_reserved;
pub(crate) mod name_shape;
pub(crate) mod name_too_long;
pub(crate) mod not_enforced_yet;
pub(crate) mod on_delete;
pub(crate) mod part_of;
pub(crate) mod pattern;
pub(crate) mod range;
pub(crate) mod role_administrator;
pub(crate) mod role_cycle;
pub(crate) mod role_portal;
pub(crate) mod role_unknown;
pub(crate) mod rule_syntax;
pub(crate) mod rule_too_large;
pub(crate) mod rule_type;
pub(crate) mod rule_unknown_name;
pub(crate) mod rule_unsupported;
pub(crate) mod tree;
pub(crate) mod unique;
pub(crate) mod unknown_element;
pub(crate) mod unknown_field;
pub(crate) mod unknown_file;
pub(crate) mod unknown_key;
pub(crate) mod unknown_object;
pub(crate) mod unknown_operator;
pub(crate) mod unknown_type;
pub(crate) mod unknown_word;
pub(crate) mod wrong_type;
pub(crate) mod yaml;
pub(crate) mod yaml_feature;

/// Every code there is, in order.
pub const CODES: &[&str] = &[
    auto_number::CODE,
    cycle::CODE,
    default::CODE,
    duplicate::CODE,
    duplicate_option::CODE,
    filter::CODE,
    format::CODE,
    inverse::CODE,
    label_missing::CODE,
    label_twice::CODE,
    limit::CODE,
    missing_key::CODE,
    name_ascii::CODE,
    name_clash::CODE,
    name_reserved::CODE,
    name_shape::CODE,
    name_too_long::CODE,
    not_enforced_yet::CODE,
    on_delete::CODE,
    part_of::CODE,
    pattern::CODE,
    range::CODE,
    role_administrator::CODE,
    role_cycle::CODE,
    role_portal::CODE,
    role_unknown::CODE,
    rule_syntax::CODE,
    rule_too_large::CODE,
    rule_type::CODE,
    rule_unknown_name::CODE,
    rule_unsupported::CODE,
    tree::CODE,
    unique::CODE,
    unknown_element::CODE,
    unknown_field::CODE,
    unknown_file::CODE,
    unknown_key::CODE,
    unknown_object::CODE,
    unknown_operator::CODE,
    unknown_type::CODE,
    unknown_word::CODE,
    wrong_type::CODE,
    yaml::CODE,
    yaml_feature::CODE,
];
