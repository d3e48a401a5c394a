//! What the resources are made of (RFC 7643): one table drives `/Schemas`, what is read of requests, and what is answered.
//!
//! Attributes that a record of `user` does not have are kept as the client wrote them, so that it reads back what it sent.

use serde_json::{Map, json};
use tenon_value::Json;

/// The core schema of users.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core schema of groups.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The extension for people of an enterprise.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Our extension for groups: the roles that a group gives, where its name does not say it.
pub(crate) const ROLES: &str = "urn:tenon:params:scim:schemas:extension:roles:2.0:Group";

/// The type of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Type {
    Text,
    Boolean,
    DateTime,
    Reference,
    Complex(&'static [Attribute]),
}

/// Who may write an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the characteristics of RFC 7643 §7, as it has them")]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    pub(crate) many: bool,
    pub(crate) required: bool,
    pub(crate) exact: bool,
    pub(crate) unique: bool,
    pub(crate) mutability: Mutability,
}

const fn attribute(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, many: false, required: false, exact: false, unique: false, mutability: Mutability::ReadWrite }
}

const fn text(name: &'static str) -> Attribute {
    attribute(name, Type::Text)
}

impl Attribute {
    const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    const fn key(self) -> Self {
        Self { required: true, unique: true, ..self }
    }

    /// The members of a complex attribute; none for a simple one.
    pub(crate) const fn members(&self) -> &'static [Self] {
        match self.kind {
            Type::Complex(members) => members,
            _ => &[],
        }
    }
}

/// A list of values with a type, one of them primary.
const PLURAL: &[Attribute] = &[text("value"), text("display"), text("type"), attribute("primary", Type::Boolean)];

const NAME: &[Attribute] =
    &[text("formatted"), text("familyName"), text("givenName"), text("middleName"), text("honorificPrefix"), text("honorificSuffix")];

const ADDRESS: &[Attribute] = &[
    text("formatted"),
    text("streetAddress"),
    text("locality"),
    text("region"),
    text("postalCode"),
    text("country"),
    text("type"),
    attribute("primary", Type::Boolean),
];

const MEMBERSHIP: &[Attribute] =
    &[text("value").read_only(), attribute("$ref", Type::Reference).read_only(), text("display").read_only(), text("type").read_only()];

const MEMBER: &[Attribute] =
    &[text("value").immutable(), attribute("$ref", Type::Reference).immutable(), text("type").immutable(), text("display").read_only()];

const MANAGER: &[Attribute] = &[text("value"), attribute("$ref", Type::Reference), text("displayName").read_only()];

/// Attributes of users.
pub(crate) const USER_ATTRIBUTES: &[Attribute] = &[
    text("userName").key(),
    attribute("name", Type::Complex(NAME)),
    text("displayName"),
    text("nickName"),
    attribute("profileUrl", Type::Reference),
    text("title"),
    text("userType"),
    text("preferredLanguage"),
    text("locale"),
    text("timezone"),
    attribute("active", Type::Boolean),
    attribute("emails", Type::Complex(PLURAL)).many(),
    attribute("phoneNumbers", Type::Complex(PLURAL)).many(),
    attribute("ims", Type::Complex(PLURAL)).many(),
    attribute("photos", Type::Complex(PLURAL)).many(),
    attribute("addresses", Type::Complex(ADDRESS)).many(),
    attribute("groups", Type::Complex(MEMBERSHIP)).many().read_only(),
    attribute("entitlements", Type::Complex(PLURAL)).many(),
    attribute("roles", Type::Complex(PLURAL)).many(),
];

/// Attributes of groups.
pub(crate) const GROUP_ATTRIBUTES: &[Attribute] = &[text("displayName").key(), attribute("members", Type::Complex(MEMBER)).many()];

/// Attributes of the enterprise extension.
pub(crate) const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("employeeNumber"),
    text("costCenter"),
    text("organization"),
    text("division"),
    text("department"),
    attribute("manager", Type::Complex(MANAGER)),
];

/// Attributes of our extension for groups.
pub(crate) const ROLES_ATTRIBUTES: &[Attribute] = &[text("roles").exact().many()];

/// Attributes every resource has beside those of its schema.
pub(crate) const SHARED_ATTRIBUTES: &[Attribute] = &[text("externalId").exact()];

const META: &[Attribute] = &[
    text("resourceType").read_only(),
    attribute("created", Type::DateTime).read_only(),
    attribute("lastModified", Type::DateTime).read_only(),
    attribute("location", Type::Reference).read_only(),
];

/// Attributes that the server alone writes.
pub(crate) const OWN_ATTRIBUTES: &[Attribute] =
    &[text("id").read_only().exact(), text("schemas").many().read_only(), attribute("meta", Type::Complex(META)).read_only()];

/// The kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceKind {
    User,
    Group,
}

impl ResourceKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    pub(crate) const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    pub(crate) const fn schema(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    pub(crate) const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => USER_ATTRIBUTES,
            Self::Group => GROUP_ATTRIBUTES,
        }
    }

    /// Schemas whose members lie in an object of their own.
    pub(crate) const fn extensions(self) -> &'static [(&'static str, &'static [Attribute])] {
        match self {
            Self::User => &[(ENTERPRISE, ENTERPRISE_ATTRIBUTES)],
            Self::Group => &[(ROLES, ROLES_ATTRIBUTES)],
        }
    }

    /// The attribute of a name, of the resource itself.
    pub(crate) fn attribute(self, name: &str) -> Option<&'static Attribute> {
        [self.attributes(), SHARED_ATTRIBUTES, OWN_ATTRIBUTES].into_iter().flatten().find(|one| one.name.eq_ignore_ascii_case(name))
    }
}

/// As `/Schemas` describes attributes.
pub(crate) fn described(attributes: &[Attribute]) -> Json {
    attributes.iter().map(describe).collect()
}

fn describe(attribute: &Attribute) -> Json {
    let kind = match attribute.kind {
        Type::Text => "string",
        Type::Boolean => "boolean",
        Type::DateTime => "dateTime",
        Type::Reference => "reference",
        Type::Complex(_) => "complex",
    };
    let mutability = match attribute.mutability {
        Mutability::ReadWrite => "readWrite",
        Mutability::ReadOnly => "readOnly",
        Mutability::Immutable => "immutable",
    };
    let mut members = Map::new();
    members.insert("name".to_owned(), json!(attribute.name));
    members.insert("type".to_owned(), json!(kind));
    members.insert("multiValued".to_owned(), json!(attribute.many));
    members.insert("required".to_owned(), json!(attribute.required));
    members.insert("caseExact".to_owned(), json!(attribute.exact));
    members.insert("mutability".to_owned(), json!(mutability));
    members.insert("returned".to_owned(), json!("default"));
    members.insert("uniqueness".to_owned(), json!(if attribute.unique { "server" } else { "none" }));
    if attribute.kind == Type::Reference {
        members.insert("referenceTypes".to_owned(), json!(["uri"]));
    }
    if let Type::Complex(below) = attribute.kind {
        members.insert("subAttributes".to_owned(), described(below));
    }
    Json::Object(members)
}
