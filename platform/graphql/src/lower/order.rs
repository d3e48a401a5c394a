//! Orders: terms over fields here and over to-one relations; every order ends in `id`.

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Object, system};
use tenon_query::{Action, Order, SortBy, Sorting};

use super::Lower;
use crate::limits;
use crate::members;
use crate::syntax::ast::Value as Input;

pub(super) fn sorting(word: &str) -> Sorting {
    match word {
        "DESC" => Sorting::Desc,
        "ASC_NULLS_FIRST" => Sorting::AscNullsFirst,
        "DESC_NULLS_FIRST" => Sorting::DescNullsFirst,
        _ => Sorting::Asc,
    }
}

impl<'a> Lower<'a> {
    /// The order asked for, `id` at its end.
    pub(super) fn order(&mut self, object: &'a Object, input: Option<&Input>, path: &InputPath) -> Vec<Order> {
        let terms = input.map(Input::elements).unwrap_or_default();
        if terms.len() > limits::ORDER_TERMS {
            self.wrong(path, Problem::exhausted("order_terms", limits::ORDER_TERMS as u64, terms.len() as u64));
            return Vec::new();
        }
        let mut order = Vec::with_capacity(terms.len() + 1);
        for (at, term) in terms.iter().enumerate() {
            match self.by_relevance(object, term).or_else(|| self.term(object, term)) {
                Some((by, sorting)) => order.push(Order { by, sorting }),
                None if term.get("relevance").is_some() => {
                    let problem =
                        Problem::invalid("search", "`relevance` needs a `search` beside it", "按 `relevance` 排序时必须同时给出 `search`");
                    self.wrong(&path.index(at), problem);
                }
                None => self.wrong(&path.index(at), Problem::invalid("type", "no order", "无效的排序")),
            }
        }
        if let (true, Some(search)) = (terms.is_empty(), &self.search) {
            order.push(Order { by: SortBy::Relevance(search.clone()), sorting: Sorting::Desc });
        }
        let ends_in_id = order.iter().any(|term| matches!(term.by, SortBy::Column { field: system::ID, .. }));
        if !ends_in_id {
            order.push(Order { by: SortBy::Column { field: system::ID, part: tenon_model::Part::Whole }, sorting: Sorting::Asc });
        }
        order
    }

    fn term(&mut self, object: &'a Object, term: &Input) -> Option<(SortBy, Sorting)> {
        let (key, value) = term.members().first()?;
        if let Some(field) = members::field(object, &key.text) {
            return Some((SortBy::Column { field: field.ix, part: field.order_part() }, sorting(value.as_text()?)));
        }
        let relation = members::relation(object, &key.text)?;
        let target = self.view.target(relation)?;
        let table = self.table(target.ix, Action::Read, Place::Order)?;
        let (by, sorting) = self.term(target, value)?;
        Some((SortBy::ToOne { relation: relation.ix, table, by: Box::new(by) }, sorting))
    }
}
