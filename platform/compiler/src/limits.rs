//! How much metadata one tenant may have: every limit with its name and its number.

/// A named limit, as diagnostics and `GET /t/{tenant}/limits` show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name.
    pub name: &'static str,
    /// The most that is allowed.
    pub max: usize,
}

const fn limit(name: &'static str, max: usize) -> Limit {
    Limit { name, max }
}

/// Bytes of one metadata file.
pub const FILE_BYTES: Limit = limit("metadata_file_bytes", 1024 * 1024);
/// Mappings and lists inside each other.
pub const NESTING: Limit = limit("metadata_nesting", 64);
/// Objects, fields, relations, views and layouts of one layer.
pub const ELEMENTS: Limit = limit("metadata_elements", 20_000);
/// Objects of a tenant.
pub const OBJECTS: Limit = limit("objects", 500);
/// Fields of an object, its own; retired ones count.
pub const FIELDS: Limit = limit("object_fields", 400);
/// Columns of an object's table; an address alone has eight.
pub const COLUMNS: Limit = limit("object_columns", 1_200);
/// Relations of an object, its own; retired ones count.
pub const RELATIONS: Limit = limit("object_relations", 100);
/// Lists that lead from an object to others, inverses included.
pub const EDGES: Limit = limit("object_edges", 300);
/// Views of an object.
pub const VIEWS: Limit = limit("object_views", 200);
/// Roles of a tenant; retired ones count.
pub const ROLES: Limit = limit("roles", 200);
/// Sharing rules of an object.
pub const SHARING_RULES: Limit = limit("object_sharing_rules", 100);
/// Roles, or teams, that one sharing rule is for.
pub const SHARED_WITH: Limit = limit("sharing_rule_targets", 50);
/// Options of a choice field; more are an object of their own.
pub const OPTIONS: Limit = limit("field_options", 500);
/// Unique keys of an object.
pub const UNIQUE_KEYS: Limit = limit("object_unique_keys", 30);
/// Parts of one unique key.
pub const UNIQUE_PARTS: Limit = limit("unique_key_parts", 8);
/// Objects a polymorphic relation can point to.
pub const TARGETS: Limit = limit("relation_targets", 20);
/// Attributes of a link.
pub const LINK_FIELDS: Limit = limit("link_fields", 50);
/// Letters of a label.
pub const LABEL: Limit = limit("label_letters", 200);
/// Letters of a help text.
pub const ABOUT: Limit = limit("about_letters", 2_000);
/// Letters of a pattern.
pub const PATTERN: Limit = limit("pattern_letters", 500);
/// Letters of a `text` field's value: the highest `max` a field may ask for.
pub const TEXT: Limit = limit("text_letters", 10_000);
/// Conditions of a view's filter.
pub const FILTER_NODES: Limit = limit("filter_nodes", 500);
/// Mistakes told at once; there is one more that says how many there are.
pub const DIAGNOSTICS: Limit = limit("metadata_diagnostics", 1_000);

/// All of them.
pub const LIMITS: &[Limit] = &[
    FILE_BYTES,
    NESTING,
    ELEMENTS,
    OBJECTS,
    FIELDS,
    COLUMNS,
    RELATIONS,
    EDGES,
    VIEWS,
    ROLES,
    SHARING_RULES,
    SHARED_WITH,
    OPTIONS,
    UNIQUE_KEYS,
    UNIQUE_PARTS,
    TARGETS,
    LINK_FIELDS,
    LABEL,
    ABOUT,
    PATTERN,
    TEXT,
    FILTER_NODES,
    DIAGNOSTICS,
];
