//! Roles: who inherits from whom, and where their holders begin. What they may do stands with the objects.

use std::collections::HashMap;

use tenon_diagnostics::Diagnostic;
use tenon_model::{Model, Role, RoleIx, Special, State};

use crate::checks::{limit, role_administrator, role_cycle, role_portal, role_unknown, unknown_element};
use crate::keys::ROLE;
use crate::located::At;
use crate::merge::Merged;
use crate::{labels, limits, names};

/// Special rights that a role of portal users may have.
const OF_PORTAL: [Special; 1] = [Special::Export];

/// The tenant's roles by name.
pub(super) struct Roles<'a> {
    by_name: HashMap<&'a str, (RoleIx, State)>,
}

impl Roles<'_> {
    /// The role of a name; says so where there is none, or none in use.
    pub(super) fn find(&self, name: &At<'_>, path: &str, report: &mut Vec<Diagnostic>) -> Option<RoleIx> {
        let (role, said) = self.named(name.text()?);
        report.extend(said.map(|diagnostic| diagnostic.at(name.span()).of(path)));
        role
    }

    /// The same for the name an element bears. One that is retired gives nothing, and nothing is said.
    pub(super) fn of_element(&self, merged: &Merged<'_>, report: &mut Vec<Diagnostic>) -> Option<RoleIx> {
        if merged.name == role_administrator::ADMINISTRATOR {
            report.push(role_administrator::given_rights().at(merged.span()).of(merged.path.clone()));
            return None;
        }
        if let Some((role, state)) = self.by_name.get(merged.name) {
            return (*state == State::Active).then_some(*role);
        }
        let (_, said) = self.named(merged.name);
        report.extend(said.map(|diagnostic| diagnostic.at(merged.span()).of(merged.path.clone())));
        None
    }

    fn named(&self, name: &str) -> (Option<RoleIx>, Option<Diagnostic>) {
        match self.by_name.get(name) {
            Some((role, State::Active)) => (Some(*role), None),
            Some(_) => (None, Some(role_unknown::retired(name))),
            None if name == role_administrator::ADMINISTRATOR => (None, Some(role_administrator::given_rights())),
            None => {
                let mut known: Vec<&str> =
                    self.by_name.iter().filter(|(_, (_, state))| *state == State::Active).map(|(name, _)| *name).collect();
                known.sort_unstable();
                (None, Some(role_unknown::role_unknown(name, known)))
            }
        }
    }
}

/// Builds the roles. Objects and views are there already.
pub(super) fn all<'a>(merged: &[Merged<'a>], model: &mut Model, report: &mut Vec<Diagnostic>) -> Roles<'a> {
    if merged.len() > limits::ROLES.max {
        report.push(limit::exceeded(limits::ROLES, merged.len(), "the tenant", "roles"));
    }
    let merged = merged.get(..limits::ROLES.max).unwrap_or(merged);
    let by_name = merged.iter().enumerate().map(|(at, role)| (role.name, (role_ix(at), role.state))).collect();
    let roles = Roles { by_name };
    model.roles = merged.iter().enumerate().map(|(at, one)| role(role_ix(at), one, &roles, model, report)).collect();
    for (one, role) in merged.iter().zip(&model.roles) {
        like_its_parent(one, role, model, report);
    }
    no_circle(merged, model, report);
    roles
}

fn role(ix: RoleIx, merged: &Merged<'_>, roles: &Roles<'_>, model: &Model, report: &mut Vec<Diagnostic>) -> Role {
    super::view::check_keys(merged, &ROLE, report);
    labels::complete(merged, &format!("role `{}`", merged.name), &["label", "about"], report);
    if merged.name == role_administrator::ADMINISTRATOR {
        report.push(role_administrator::described().at(merged.span()).of(merged.path.clone()));
    }
    super::object::check_was(merged, report);
    let portal = merged.is_true("portal");
    if let Some(landing) = merged.get("landing").filter(|_| merged.state == State::Active)
        && let Some(diagnostic) = landing.text().and_then(|page| no_page(page, model))
    {
        report.push(diagnostic.at(landing.span()).of(merged.path.clone()));
    }
    Role {
        ix,
        id: merged.id,
        name: names::checked(merged.name, || merged.span(), &merged.path, report),
        was: merged.text("was").and_then(|was| was.parse().ok()),
        label: merged.localized("label"),
        about: merged.localized("about"),
        parent: merged.get("parent").and_then(|parent| roles.find(parent, &merged.path, report)),
        landing: merged.text("landing").map(str::to_owned),
        portal,
        special: special(merged, portal, report),
        package: merged.package.clone(),
        state: merged.state,
    }
}

fn special(merged: &Merged<'_>, portal: bool, report: &mut Vec<Diagnostic>) -> Vec<Special> {
    let mut special = Vec::new();
    for item in merged.get("special").iter().flat_map(|list| list.items()) {
        let Some(right) = item.text().and_then(Special::from_word) else { continue };
        if portal && !OF_PORTAL.contains(&right) {
            report.push(role_portal::special(right.word()).at(item.span()).of(merged.path.clone()));
        }
        if !special.contains(&right) {
            special.push(right);
        }
    }
    special
}

/// Why nobody can begin at a page: only at `home`, an object, or one of its views.
fn no_page(page: &str, model: &Model) -> Option<Diagnostic> {
    let (name, view) = page.split_once('.').map_or((page, None), |(object, view)| (object, Some(view)));
    if name == "home" && view.is_none() {
        return None;
    }
    let Some(object) = model.objects.iter().find(|object| object.name.as_str() == name) else {
        return Some(unknown_element::no_such_page(page));
    };
    let state = match view {
        None => Some(State::Active),
        Some(view) => object.views.iter().find(|one| one.name.as_str() == view).map(|view| view.state),
    };
    match (object.state, state) {
        (_, None) => Some(unknown_element::no_such_page(page)),
        (State::Active, Some(State::Active)) => None,
        _ => Some(unknown_element::retired_page(page)),
    }
}

fn like_its_parent(merged: &Merged<'_>, role: &Role, model: &Model, report: &mut Vec<Diagnostic>) {
    let Some(parent) = role.parent.and_then(|parent| model.role(parent)) else { return };
    if parent.portal != role.portal {
        let span = merged.get("parent").and_then(At::span);
        report.push(role_portal::parent(role.name.as_str(), parent.name.as_str(), role.portal).at(span).of(merged.path.clone()));
    }
}

/// Each circle of parents is told once, at its first role.
fn no_circle(merged: &[Merged<'_>], model: &Model, report: &mut Vec<Diagnostic>) {
    for (one, role) in merged.iter().zip(&model.roles) {
        let mut chain = vec![role];
        let mut next = role.parent;
        // A circle that does not lead back here is met further up.
        while let Some(parent) =
            next.and_then(|parent| model.role(parent)).filter(|parent| chain.iter().skip(1).all(|met| met.ix != parent.ix))
        {
            if parent.ix == role.ix {
                if chain.iter().all(|met| role.ix <= met.ix) {
                    let names: Vec<&str> = chain.iter().chain([&role]).map(|role| role.name.as_str()).collect();
                    report.push(role_cycle::role_cycle(&names).at(one.get("parent").and_then(At::span)).of(one.path.clone()));
                }
                break;
            }
            chain.push(parent);
            next = parent.parent;
        }
    }
}

/// The place of a role. At most [`limits::ROLES`] are kept, so every place fits.
fn role_ix(at: usize) -> RoleIx {
    RoleIx(u16::try_from(at).unwrap_or(u16::MAX))
}
