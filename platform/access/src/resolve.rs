//! Model and principal → rights on one object.
//!
//! Rights add up over grants: each grant gives its verbs on its own rows, and what one role reads another does not write.
//! A grant that gives a verb without `read` gives it within whatever the principal may read otherwise. Rules of sharing
//! and single shares add rows to verbs that a grant gives, never verbs.

use tenon_context::Standing;
use tenon_expr::{lower, resolves, settle};
use tenon_model::{Grant, Model, Object, ObjectIx, Rule, Verb};
use tenon_query::{Action, AuthorizedTable, Param, Predicate};

use crate::fields::Fields;
use crate::held::{Held, SHARES};
use crate::rows::Rows;

/// Rights on one object.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectRights {
    /// By the place of the verb in [`Verb::ALL`]; nothing where no grant gives it.
    pub(crate) rows: Vec<Option<Rows>>,
    /// What a new row must satisfy.
    pub(crate) check_new: Rows,
    /// What a changed row must satisfy.
    pub(crate) check_changed: Rows,
    pub(crate) fields: Fields,
}

impl ObjectRights {
    pub(crate) fn rows(&self, verb: Verb) -> Option<&Rows> {
        self.rows.get(place(verb))?.as_ref()
    }
}

pub(crate) fn place(verb: Verb) -> usize {
    Verb::ALL.iter().position(|one| *one == verb).unwrap_or(usize::MAX)
}

/// What rules come to for one principal.
pub(crate) struct Rules<'m> {
    pub(crate) model: &'m Model,
    pub(crate) mine: &'m Standing,
}

impl Rules<'_> {
    /// The rows of a rule; without one, all. What does not resolve denies.
    pub(crate) fn rows(&self, rule: Option<&Rule>) -> Rows {
        let Some(rule) = rule else { return Rows::All };
        if !resolves(&rule.expression, self.mine) {
            return Rows::None;
        }
        #[expect(clippy::disallowed_methods, reason = "rules look at records as they are, not as the principal sees them")]
        let table = |object: ObjectIx| AuthorizedTable::assume(object, Action::Read, None);
        Rows::of(lower(&settle(&rule.expression, self.mine), self.model, &table))
    }

    /// Single records shared with the principal.
    pub(crate) fn shares(&self, right: Verb) -> Rows {
        let with: Vec<Param> = SHARES.into_iter().filter(|fact| self.mine.get(*fact).is_some()).map(Param::Mine).collect();
        if with.is_empty() { Rows::None } else { Rows::Some(Predicate::Shared { with, right }.into()) }
    }
}

/// The rule a grant has of its own for a verb; `Read` aside, it narrows what can be read.
pub(crate) fn own(grant: &Grant, verb: Verb) -> Option<&Rule> {
    let rows = &grant.rows;
    let rule = match verb {
        Verb::Read => &rows.read,
        Verb::Update => &rows.update,
        Verb::Delete | Verb::Restore | Verb::Destroy if rows.delete.is_some() => &rows.delete,
        Verb::Share if rows.share.is_some() => &rows.share,
        Verb::Delete | Verb::Restore | Verb::Destroy | Verb::Share => &rows.update,
        Verb::Create | Verb::Export | Verb::Import => &None,
    };
    rule.as_deref()
}

/// The rule of what a written row must satisfy: what it says itself, else what it may change, else what it reads.
pub(crate) fn check(grant: &Grant) -> Option<&Rule> {
    let rows = &grant.rows;
    rows.check.as_ref().or(rows.update.as_ref()).or(rows.read.as_ref()).map(AsRef::as_ref)
}

/// Verbs that a single share can give.
pub(crate) const fn is_shared(verb: Verb) -> bool {
    !matches!(verb, Verb::Create | Verb::Import | Verb::Export)
}

/// The rights on one object; none where it cannot be seen.
pub(crate) fn rights(held: &Held<'_>, rules: &Rules<'_>, object: &Object) -> Option<ObjectRights> {
    let grants: Vec<&Grant> = object.grants().filter(|grant| held.has(grant.role)).collect();
    let with = |verb: Verb| grants.iter().copied().filter(move |grant| grant.can.contains(&verb));
    with(Verb::Read).next()?;
    let reach = Reach { held, rules, object };
    let read = reach.beyond(with(Verb::Read).map(|grant| rules.rows(own(grant, Verb::Read))), Verb::Read);
    let mut rows = vec![None; Verb::ALL.len()];
    for verb in Verb::ALL {
        let reached = match verb {
            Verb::Read => Some(read.clone()),
            // New rows are nobody's yet.
            _ if with(verb).next().is_none() => None,
            Verb::Create | Verb::Import => Some(Rows::All),
            _ => {
                let own = with(verb).map(|grant| {
                    let readable = if grant.can.contains(&Verb::Read) { rules.rows(grant.rows.read.as_deref()) } else { read.clone() };
                    readable.and(rules.rows(own(grant, verb)))
                });
                Some(reach.beyond(own, verb))
            }
        };
        if let Some(slot) = rows.get_mut(place(verb)) {
            *slot = reached;
        }
    }
    Some(ObjectRights {
        rows,
        check_new: Rows::any(with(Verb::Create).map(|grant| rules.rows(check(grant)))),
        check_changed: reach.beyond(with(Verb::Update).map(|grant| rules.rows(check(grant))), Verb::Update),
        fields: Fields::of(object, grants.iter().map(|grant| &grant.fields)),
    })
}

/// How far one principal reaches into one object.
struct Reach<'r> {
    held: &'r Held<'r>,
    rules: &'r Rules<'r>,
    object: &'r Object,
}

impl Reach<'_> {
    /// Rows of grants, and beyond them what is shared.
    fn beyond(&self, own: impl Iterator<Item = Rows>, verb: Verb) -> Rows {
        let right = if verb == Verb::Export { Verb::Read } else { verb };
        let sharing = self.held.sharing(self.object).filter(|rule| rule.rights.contains(&right));
        let sharing = sharing.map(|rule| self.rules.rows(Some(&rule.rows)));
        let single = if is_shared(right) { self.rules.shares(right) } else { Rows::None };
        Rows::any(own.chain(sharing).chain([single]))
    }
}

/// Tells the log of rules that deny because something is not known: once for each set of rights.
pub(crate) fn report(held: &Held<'_>, rules: &Rules<'_>, object: &Object) {
    let grants = object.grants().filter(|grant| held.has(grant.role)).flat_map(|grant| grant.rows.each());
    for rule in grants.chain(held.sharing(object).map(|rule| rule.rows.as_ref())) {
        let unknown = unresolved(rule, rules.mine);
        if !unknown.is_empty() {
            tracing::warn!(
                object = object.name.as_str(),
                kind = held.principal.kind.word(),
                ?unknown,
                "a rule denies, since something it needs is not known"
            );
        }
    }
}

/// The facts a rule needs that are not known.
pub(crate) fn unresolved(rule: &Rule, mine: &Standing) -> Vec<tenon_model::Fact> {
    let mut unknown = Vec::new();
    rule.expression.each_fact(&mut |fact| {
        if mine.get(fact).is_none() && !unknown.contains(&fact) {
            unknown.push(fact);
        }
    });
    unknown
}
