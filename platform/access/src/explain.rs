//! Why somebody may or may not: every right on an object with what gives or denies it, as data.

use std::sync::Arc;

use tenon_context::Principal;
use tenon_model::{Fact, FieldIx, FieldRight, Grant, Model, Object, ObjectIx, RelationIx, RoleIx, Rule, Special, State, Verb};
use tenon_value::Name;

use crate::Rows;
use crate::fields::{field_right, is_kept, relation_right};
use crate::held::Held;
use crate::resolve::{Rules, check, is_shared, own, rights, unresolved};

/// What a reason is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A verb on the object's records.
    Verb(Verb),
    /// A field.
    Field(FieldIx),
    /// A to-one or many-to-many relation.
    Relation(RelationIx),
    /// A right that belongs to no single object.
    Special(Special),
}

/// What gives or denies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The role that may do everything.
    Administrator,
    /// A role.
    Role {
        /// The one held.
        held: RoleIx,
        /// Whose grant it is: the same, or a parent of it.
        role: RoleIx,
    },
    /// A sharing rule.
    Sharing(Name),
    /// The record itself is shared.
    Share,
    /// It comes with the object.
    System,
    /// No role held says anything of it.
    Nobody,
}

/// One thing that gives or denies a right.
#[derive(Clone, Debug)]
pub struct Reason {
    /// Of what.
    pub right: Subject,
    /// By what.
    pub by: By,
    /// The rows for which it gives the right: `None` denies it everywhere. Whether it gives it for one record is to be
    /// asked with this as condition, for the same principal.
    pub rows: Rows,
    /// How much of a field or relation.
    pub field: Option<FieldRight>,
    /// The rule that decides on the rows.
    pub rule: Option<Arc<Rule>>,
    /// What the rule needs and is not known: why it denies.
    pub unresolved: Vec<Fact>,
}

impl Reason {
    fn new(right: Subject, by: By, rows: Rows) -> Self {
        Self { right, by, rows, field: None, rule: None, unresolved: Vec::new() }
    }

    /// Whether it gives the right for any row.
    #[must_use]
    pub const fn gives(&self) -> bool {
        !self.rows.is_none()
    }
}

/// Every right on an object with its reasons, verbs first, then fields and relations. Each has one reason at least.
#[must_use]
pub fn explain(model: &Model, principal: &Principal, object: ObjectIx) -> Vec<Reason> {
    let held = Held::of(model, principal);
    let Some(reason) = Explain::new(model, &held, object) else { return Vec::new() };
    let object = reason.object;
    let mut reasons: Vec<Reason> = Verb::ALL.into_iter().flat_map(|verb| reason.verb(verb)).collect();
    let fields = object
        .active_fields()
        .flat_map(|field| reason.part(Subject::Field(field.ix), field.system, &|grant| field_right(&grant.fields, field.ix)));
    reasons.extend(fields);
    let relations = object.active_relations().flat_map(|relation| {
        reason.part(Subject::Relation(relation.ix), is_kept(relation), &|grant| relation_right(&grant.fields, relation.ix))
    });
    reasons.extend(relations);
    reasons
}

/// The reasons of one verb: the cheap part of [`explain`], for asking after many people.
#[must_use]
pub fn explain_verb(model: &Model, principal: &Principal, object: ObjectIx, verb: Verb) -> Vec<Reason> {
    let held = Held::of(model, principal);
    Explain::new(model, &held, object).map(|reason| reason.verb(verb)).unwrap_or_default()
}

/// What a role gives, told by the role by which it is held.
pub(crate) fn role(model: &Model, held: &Held<'_>, role: RoleIx) -> By {
    By::Role { held: held.through(model, role).unwrap_or(role), role }
}

struct Explain<'e> {
    model: &'e Model,
    held: &'e Held<'e>,
    object: &'e Object,
    /// By all reasons together.
    readable: Rows,
    rules: Rules<'e>,
}

impl<'e> Explain<'e> {
    fn new(model: &'e Model, held: &'e Held<'e>, object: ObjectIx) -> Option<Self> {
        let object = model.object(object).filter(|object| object.state == State::Active)?;
        let rules = Rules { model, mine: &held.principal.standing };
        let readable = rights(held, &rules, object).and_then(|rights| rights.rows(Verb::Read).cloned()).unwrap_or_default();
        Some(Self { model, held, object, readable, rules })
    }

    fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.object.grants().filter(|grant| self.held.has(grant.role))
    }

    fn verb(&self, verb: Verb) -> Vec<Reason> {
        let right = Subject::Verb(verb);
        if self.held.administrator {
            return vec![Reason::new(right, By::Administrator, Rows::All)];
        }
        let mut reasons: Vec<Reason> =
            self.grants().filter(|grant| grant.can.contains(&verb)).map(|grant| self.grant(verb, grant)).collect();
        let readable = self.grants().any(|grant| grant.can.contains(&Verb::Read));
        if reasons.is_empty() || !readable {
            return vec![Reason::new(right, By::Nobody, Rows::None)];
        }
        // What is given on all rows needs no shares.
        if is_shared(verb) && !reasons.iter().any(|reason| reason.rows == Rows::All) {
            for rule in self.held.sharing(self.object).filter(|rule| rule.rights.contains(&verb)) {
                let by = By::Sharing(rule.name.clone());
                reasons.push(self.ruled(Reason::new(right, by, self.rules.rows(Some(&rule.rows))), &rule.rows));
            }
            reasons.push(Reason::new(right, By::Share, self.rules.shares(verb)));
        }
        reasons
    }

    fn grant(&self, verb: Verb, grant: &Grant) -> Reason {
        let by = role(self.model, self.held, grant.role);
        let read = grant.rows.read.as_deref().filter(|_| grant.can.contains(&Verb::Read));
        let own = if verb == Verb::Create { check(grant) } else { own(grant, verb) };
        let rows = match verb {
            Verb::Create | Verb::Import => Rows::All,
            _ if grant.can.contains(&Verb::Read) => self.rules.rows(read).and(self.rules.rows(own)),
            _ => self.readable.clone().and(self.rules.rows(own)),
        };
        let reason = Reason::new(Subject::Verb(verb), by, rows);
        match own.or(read).and_then(|rule| grant.rows.shared(rule)) {
            Some(rule) => self.ruled(reason, rule),
            None => reason,
        }
    }

    fn ruled(&self, mut reason: Reason, rule: &Arc<Rule>) -> Reason {
        reason.unresolved = unresolved(rule, self.rules.mine);
        reason.rule = Some(Arc::clone(rule));
        reason
    }

    fn part(&self, right: Subject, kept: bool, of: &dyn Fn(&Grant) -> FieldRight) -> Vec<Reason> {
        let with = |by: By, given: FieldRight| {
            let rows = if given == FieldRight::None { Rows::None } else { Rows::All };
            Reason { field: Some(given), ..Reason::new(right, by, rows) }
        };
        if self.held.administrator {
            return vec![with(By::Administrator, FieldRight::Write)];
        }
        if !self.grants().any(|grant| grant.can.contains(&Verb::Read)) {
            return vec![with(By::Nobody, FieldRight::None)];
        }
        if kept {
            return vec![with(By::System, FieldRight::Read)];
        }
        let reasons: Vec<Reason> = self.grants().map(|grant| with(role(self.model, self.held, grant.role), of(grant))).collect();
        if reasons.is_empty() { vec![with(By::Nobody, FieldRight::None)] } else { reasons }
    }
}
