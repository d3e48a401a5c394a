//! The walk over a document, and what it gathers of each definition.

use std::collections::HashMap;

use tenon_diagnostics::{Kind, Problem, Problems, nearest};
use tenon_model::Object;

use super::{fragments, operations, overlap, variables};
use crate::schema::Schema;
use crate::syntax::ast::{Document, Pos, TypeRef};

/// One use of a variable: where, and what stands there.
pub(super) struct VariableUse<'a> {
    pub(super) name: &'a str,
    pub(super) pos: Pos,
    /// The expected type; none inside of a custom scalar.
    pub(super) expected: Option<TypeRef>,
    /// The place has a default of its own.
    pub(super) has_default: bool,
}

/// What one operation or fragment uses.
#[derive(Default)]
pub(super) struct Uses<'a> {
    pub(super) variables: Vec<VariableUse<'a>>,
    pub(super) spreads: Vec<(&'a str, Pos)>,
}

/// The state of a validation.
pub(super) struct Rules<'a> {
    pub(super) schema: &'a Schema,
    pub(super) document: &'a Document,
    pub(super) problems: Problems,
    /// Verbs these rights lack, of objects they see.
    forbidden: Problems,
    /// Of the definition being walked.
    pub(super) uses: Uses<'a>,
}

impl Rules<'_> {
    /// Reports one problem.
    pub(super) fn report(&mut self, pos: Pos, en: impl Into<String>, zh: impl Into<String>) {
        self.problems.push(Problem::invalid("graphql/validation", en, zh).located(pos.line, pos.column));
    }

    /// Reports a verb that is there, but not for these rights.
    pub(super) fn forbid(&mut self, pos: Pos, object: &Object) {
        self.forbidden.push(Problem::of_kind(Kind::Forbidden).object(object.name.as_str()).located(pos.line, pos.column));
    }
}

/// ` Did you mean "name"?`, or nothing.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> (String, String) {
    match nearest(word, candidates) {
        Some(meant) => (format!(" Did you mean \"{meant}\"?"), format!("，是否想写“{meant}”？")),
        None => (String::new(), String::new()),
    }
}

/// Checks a document against the schema.
///
/// # Errors
/// Everything that is wrong with it; `FORBIDDEN` alone where it uses verbs these rights lack: their inputs are unknown, too.
pub(crate) fn validate(schema: &Schema, document: &Document) -> Result<(), Problems> {
    let mut rules = Rules { schema, document, problems: Problems::default(), forbidden: Problems::default(), uses: Uses::default() };
    operations::check_names(&mut rules);
    fragments::check_names(&mut rules);
    let mut of_fragments: HashMap<&str, Uses<'_>> = HashMap::new();
    for fragment in &document.fragments {
        fragments::check_definition(&mut rules, fragment);
        of_fragments.insert(&fragment.name.text, std::mem::take(&mut rules.uses));
    }
    let cyclic = fragments::check_cycles(&mut rules, &of_fragments);
    let mut reached = std::collections::HashSet::new();
    for operation in &document.operations {
        operations::check(&mut rules, operation);
        let uses = std::mem::take(&mut rules.uses);
        let all = fragments::reachable(&uses, &of_fragments);
        reached.extend(all.iter().copied());
        variables::check_uses(&mut rules, operation, &uses, all.iter().filter_map(|name| of_fragments.get(name)));
    }
    fragments::check_unused(&mut rules, &reached);
    if !cyclic {
        overlap::check(&mut rules);
    }
    rules.forbidden.into_result()?;
    rules.problems.into_result()
}
