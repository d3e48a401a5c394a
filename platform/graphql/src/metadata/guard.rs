//! What a document may cost, counted before async-graphql sees it: its validation unfolds fragments, this does not.

use std::collections::HashMap;

use tenon_diagnostics::{Message, Problem};

use crate::syntax::ast::{Document, OperationKind, Selection};
use crate::{GraphqlRequest, limits, syntax};

/// What the chosen operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Query,
    Mutation,
}

/// What is known of a document before it is carried out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) kind: Kind,
    /// Fields of the chosen operation, its fragments unfolded.
    pub(super) fields: u64,
    /// It takes variables: a value that does not fit may be one of them.
    pub(super) takes_variables: bool,
    /// It asks for `describe` and nothing else.
    pub(super) describes: bool,
}

/// Counts a document; says what its operation does.
pub(super) fn check(request: &GraphqlRequest) -> Result<Counted, Problem> {
    let document = syntax::parse(&request.query)?;
    let mut sizes = Sizes { document: &document, known: HashMap::new() };
    for operation in &document.operations {
        if operation.selection.len() > limits::ROOT_FIELDS {
            return Err(Problem::exhausted("root_fields", limits::ROOT_FIELDS as u64, operation.selection.len() as u64));
        }
        let fields = sizes.of(&operation.selection, 0)?;
        if fields > limits::FIELDS {
            return Err(Problem::exhausted("fields", limits::FIELDS, fields));
        }
    }
    let named = request.operation_name.as_deref();
    let chosen = document.operations.iter().find(|one| named.is_none() || one.name.as_ref().map(|name| &*name.text) == named);
    // None that is meant is validation's to report.
    let Some(chosen) = chosen else { return Ok(Counted { kind: Kind::Query, fields: 0, takes_variables: false, describes: false }) };
    let is_describe = |item: &Selection| matches!(item, Selection::Field(field) if &*field.name.text == "describe");
    Ok(Counted {
        kind: if chosen.kind == OperationKind::Mutation { Kind::Mutation } else { Kind::Query },
        fields: sizes.of(&chosen.selection, 0)?,
        takes_variables: !chosen.variables.is_empty(),
        describes: chosen.selection.iter().all(is_describe),
    })
}

struct Sizes<'d> {
    document: &'d Document,
    /// Fields a fragment unfolds to; `None` while it is being counted.
    known: HashMap<&'d str, Option<u64>>,
}

impl<'d> Sizes<'d> {
    /// Fields a selection unfolds to. Fragments are counted once each; nesting is bounded by the scanner, so is `depth`.
    fn of(&mut self, selection: &'d [Selection], depth: usize) -> Result<u64, Problem> {
        if depth > limits::NESTING {
            return Err(Problem::exhausted("nesting", limits::NESTING as u64, depth as u64));
        }
        let mut total = 0_u64;
        for item in selection {
            let fields = match item {
                Selection::Field(field) => self.of(field.selected(), depth + 1)?.saturating_add(1),
                Selection::Inline(inline) => self.of(&inline.selection, depth + 1)?,
                Selection::Spread(spread) => self.fragment(&spread.name.text, depth)?,
            };
            total = total.saturating_add(fields);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &str, depth: usize) -> Result<u64, Problem> {
        // One that is not there is validation's to report.
        let Some(fragment) = self.document.fragments.iter().find(|one| &*one.name.text == name) else { return Ok(0) };
        let key: &'d str = &fragment.name.text;
        match self.known.get(key) {
            Some(Some(fields)) => return Ok(*fields),
            Some(None) => {
                let mut problem = Problem::invalid("graphql/validation", "", "");
                problem.message = Message::verbatim(format!("Cannot spread fragment \"{name}\" within itself."));
                return Err(problem);
            }
            None => {}
        }
        self.known.insert(key, None);
        let fields = self.of(&fragment.selection, depth + 1)?;
        self.known.insert(key, Some(fields));
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(query: &str) -> Result<Kind, Problem> {
        check(&GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() }).map(|counted| counted.kind)
    }

    #[test]
    fn a_small_document_that_doubles_is_refused_at_once() {
        let mut text = "{ ...f0 }".to_owned();
        for at in 0..40 {
            text += &format!(" fragment f{at} on Query {{ ...f{next} ...f{next} }}", next = at + 1);
        }
        text += " fragment f40 on Query { model { version } }";
        assert_eq!(check_text(&text).unwrap_err().limit, Some("fields"));
    }

    #[test]
    fn fragments_in_a_circle_and_deep_brackets_are_refused() {
        assert_eq!(
            check_text("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }").unwrap_err().rule.as_deref(),
            Some("graphql/validation")
        );
        assert_eq!(check_text(&"{".repeat(4_000)).unwrap_err().limit, Some("nesting"));
        assert_eq!(check_text("mutation { retire(path: \"a\") { path } }").unwrap(), Kind::Mutation);
    }
}
