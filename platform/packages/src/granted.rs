//! What a package sees of the records it asks for, for whoever makes code of it: by its files alone, without a server.

use tenon_diagnostics::{Diagnostic, Severity};
use tenon_hooks::ObjectGrant;
use tenon_model::{Field, Object, Relation, RelationShape};
use tenon_value::Localized;

use crate::check::compile;
use crate::install::grants;
use crate::{BundleError, SourceFile};

/// An object that a package asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedObject {
    /// Its API name.
    pub name: String,
    /// The name of its type in GraphQL: `Opportunity`.
    pub type_name: String,
    /// What people call it.
    pub label: Localized,
    /// Fields and to-one relations that the package reads or writes.
    pub members: Vec<GrantedMember>,
}

/// A field or to-one relation that a package asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedMember {
    /// Its API name.
    pub name: String,
    /// What people call it.
    pub label: Localized,
    /// Its type, by the word of metadata files; `reference` is a relation.
    pub kind: &'static str,
    /// Codes of a choice, and what people call them.
    pub options: Vec<(String, Localized)>,
    /// The package reads it.
    pub reads: bool,
    /// The package may set it in a save it is asked about.
    pub sets: bool,
}

/// The objects that the manifest among these files asks for, by their names. `beside` are the files of packages it requires
/// beyond the base package, in the order of their install.
///
/// # Errors
/// What is wrong with the files; where the manifest asks in another way than it should.
pub fn granted(files: &[SourceFile], beside: &[Vec<SourceFile>]) -> Result<Result<Vec<GrantedObject>, Vec<Diagnostic>>, BundleError> {
    let compiled = compile(files, beside);
    let asked = compiled.manifest.as_ref().map(grants::records).transpose()?.unwrap_or_default();
    let mut wrong = compiled.diagnostics;
    wrong.retain(|one| one.severity == Severity::Error);
    let Some(model) = compiled.model.filter(|_| wrong.is_empty()) else { return Ok(Err(wrong)) };
    let known = asked.iter().filter_map(|(name, grant)| Some(seen(model.object_named(name)?, grant)));
    Ok(Ok(known.collect()))
}

fn seen(object: &Object, grant: &ObjectGrant) -> GrantedObject {
    let one = |shape| matches!(shape, RelationShape::One | RelationShape::Any);
    let fields = object.active_fields().map(|field| of_field(field, grant));
    let relations = object.active_relations().filter(|relation| one(relation.shape)).map(|relation| of_relation(relation, grant));
    let members = fields.chain(relations).filter(|member| member.reads || member.sets).collect();
    GrantedObject { name: object.name.to_string(), type_name: object.graphql.type_name.clone(), label: object.label.clone(), members }
}

fn of_field(field: &Field, grant: &ObjectGrant) -> GrantedMember {
    let name = field.name.as_str();
    GrantedMember {
        name: name.to_owned(),
        label: field.label.clone(),
        kind: field.kind.word(),
        options: field.kind.options().iter().map(|option| (option.name.to_string(), option.label.clone())).collect(),
        reads: grant.read.has(name) || grant.write.has(name),
        sets: grant.write.has(name) && !field.system && !field.read_only,
    }
}

fn of_relation(relation: &Relation, grant: &ObjectGrant) -> GrantedMember {
    let name = relation.name.as_str();
    GrantedMember {
        name: name.to_owned(),
        label: relation.label.clone(),
        kind: "reference",
        options: Vec::new(),
        reads: grant.read.has(name) || grant.write.has(name),
        sets: false,
    }
}
