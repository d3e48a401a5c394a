//! The layer as it is wished: what is stored, with a draft laid over it.

use std::collections::HashMap;

use tenon_compiler::SourceFile;
use tenon_diagnostics::Diagnostic;
use tenon_model::{Element, ElementPath, STILL, State};
use tenon_value::{Json, Name};

use crate::elements::{Elements, SERVER_PROPERTIES, Stored, element, object_of, property};
use crate::{Draft, changes, complaint, options, rename};

/// A layer as it is wished.
pub(crate) struct Desired {
    /// Its elements.
    pub(crate) elements: Elements,
    /// Old and new paths of what got another name.
    pub(crate) renames: Vec<(ElementPath, ElementPath)>,
    /// What is wrong with the wish.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Lays a draft over what is stored.
pub(crate) fn desired(stored: &mut Stored<'_>, draft: &Draft) -> Desired {
    let mut wish = Desired { elements: stored.own.clone(), renames: Vec::new(), diagnostics: Vec::new() };
    match draft {
        Draft::Files { files, prune } => from_files(stored, &mut wish, files, *prune),
        Draft::Changes(all) => {
            for change in all {
                changes::apply(stored, &mut wish, change);
            }
        }
    }
    wish.elements.retain(|path, element| !says_nothing(stored, path, element));
    wish
}

/// An element over a package's that changes nothing of it.
fn says_nothing(stored: &Stored<'_>, path: &ElementPath, element: &Element) -> bool {
    element.properties.is_empty() && element.state == State::Active && stored.active_below(path)
}

fn from_files(stored: &mut Stored<'_>, wish: &mut Desired, files: &[SourceFile], prune: bool) {
    let read = tenon_compiler::read(&stored.target, files);
    wish.diagnostics.extend(read.diagnostics);
    if read.manifest.is_some() && stored.target.as_str() == crate::TENANT_LAYER {
        wish.diagnostics.push(complaint::package_files());
    }
    let written: Elements = read.layer.elements.into_iter().map(|element| (element.path.clone(), element)).collect();
    follow_renames(stored, wish, &written);
    let gone = disappeared(stored, wish, &written);
    ask_about_drops(stored, wish, &written, &gone, prune);
    overlay(stored, wish, written);
    if prune {
        drop_elements(stored, wish, &gone);
    }
}

/// `was: old` on an element that is new, where the old one is ours and not written any more: objects before their parts.
fn follow_renames(stored: &Stored<'_>, wish: &mut Desired, written: &Elements) {
    let mut new: Vec<(&ElementPath, &str)> = written
        .iter()
        .filter_map(|(path, element)| Some((path, element.properties.get("was")?.value.as_str()?)))
        .filter(|(path, was)| Name::check(was).is_ok() && path.name() != *was)
        .collect();
    new.sort_by_key(|(path, _)| path.0.matches('.').count());
    for (path, was) in new {
        let old = crate::elements::renamed(path, was);
        if wish.elements.contains_key(path) || written.contains_key(&old) || !wish.elements.contains_key(&old) {
            continue;
        }
        if stored.below_id(&old).is_some() {
            wish.diagnostics.push(complaint::not_own(&old));
            continue;
        }
        rename::rename(&mut wish.elements, &old, path);
        wish.renames.push((old, path.clone()));
    }
}

/// What is stored, in use and not written any more.
fn disappeared(stored: &Stored<'_>, wish: &Desired, written: &Elements) -> Vec<ElementPath> {
    let is_retired = |path: &ElementPath| wish.elements.get(path).is_some_and(|element| element.state == State::Retired);
    let role_of = |path: &ElementPath| match path.split().1 {
        Some(("access", role)) => Some(ElementPath::role(role)),
        _ => None,
    };
    // What hangs on something retired is not written, and not gone.
    let retired = |path: &ElementPath| is_retired(&object_of(path)) || role_of(path).is_some_and(|role| is_retired(&role));
    let in_use = wish.elements.iter().filter(|(path, element)| element.state == State::Active && !retired(path));
    let unwritten = in_use.filter(|(path, _)| !written.contains_key(*path));
    // An object may be written by its parts alone, where a package has it.
    unwritten.filter(|(path, _)| !(stored.below_id(path).is_some() && path.split().1.is_none())).map(|(path, _)| path.clone()).collect()
}

/// A disappearance beside a same-typed appearance is asked about, never taken for a drop.
fn ask_about_drops(stored: &Stored<'_>, wish: &mut Desired, written: &Elements, gone: &[ElementPath], prune: bool) {
    let kind = |element: &Element| element.properties.get("type").or_else(|| element.properties.get("to")).map(|one| one.value.clone());
    let place = |path: &ElementPath| path.0.rsplit_once('.').map(|(stem, _)| stem.to_owned());
    for old in gone.iter().filter(|path| matches!(path.split().1, Some(("fields" | "relations", _)))) {
        // Nothing is written of the whole object: the files are about something else.
        let touched = written.keys().any(|path| {
            path.split().0 == old.split().0 && !matches!(path.split().1, Some(("views" | "layouts" | "access" | "sharing", _)))
        });
        let Some(element) = wish.elements.get(old).filter(|_| touched && stored.below_id(old).is_none()) else { continue };
        let come = written.iter().find(|(path, new)| {
            !wish.elements.contains_key(*path) && place(path) == place(old) && kind(new).is_some() && kind(new) == kind(element)
        });
        if let Some((path, _)) = come {
            wish.diagnostics.push(complaint::rename_or_drop(old, path, prune));
        }
    }
}

/// Puts what is written in the place of what is stored. The written order counts; what is not written stays behind the
/// element it stood behind.
fn overlay(stored: &mut Stored<'_>, wish: &mut Desired, written: Elements) {
    let mut before = std::mem::take(&mut wish.elements);
    let mut followers = followers(&before, &written);
    let mut written_after = Elements::with_capacity(written.len());
    for (path, mut new) in written {
        let old = before.get(&path);
        new.id = match (stored.below_id(&path), old) {
            (Some(id), _) => id,
            (None, Some(old)) => old.id,
            (None, None) => stored.new_id(&path),
        };
        match old {
            Some(old) => keep_what_the_server_wrote(&mut new, old),
            None => drop(new.properties.shift_remove(STILL)),
        }
        written_after.insert(path, new);
    }
    let mut after = Elements::with_capacity(before.len() + written_after.len());
    let mut open: Vec<ElementPath> = Vec::new();
    let first = followers.remove(&None).unwrap_or_default();
    open.extend(first.into_iter().rev());
    let mut rest = written_after.into_iter();
    loop {
        let (path, element) = match open.pop() {
            Some(path) => match before.swap_remove(&path) {
                Some(element) => (path, element),
                None => continue,
            },
            None => match rest.next() {
                Some(next) => next,
                None => break,
            },
        };
        open.extend(followers.remove(&Some(path.clone())).unwrap_or_default().into_iter().rev());
        after.insert(path, element);
    }
    wish.elements = after;
}

/// What is stored and not written, by the element of its kind that it stands behind.
fn followers(before: &Elements, written: &Elements) -> HashMap<Option<ElementPath>, Vec<ElementPath>> {
    let mut last: HashMap<&str, &ElementPath> = HashMap::new();
    let mut followers: HashMap<Option<ElementPath>, Vec<ElementPath>> = HashMap::new();
    for path in before.keys() {
        let group = path.0.rsplit_once('.').map_or("", |(group, _)| group);
        let behind = last.insert(group, path);
        if !written.contains_key(path) {
            followers.entry(behind.cloned()).or_default().push(path.clone());
        }
    }
    followers
}

/// What the author does not write: the end of an alias, what a job is still at, options that are retired.
fn keep_what_the_server_wrote(new: &mut Element, old: &Element) {
    let same_alias = new.properties.get("was").map(|one| &one.value) == old.properties.get("was").map(|one| &one.value);
    for key in SERVER_PROPERTIES {
        new.properties.shift_remove(key);
        if let Some(kept) = old.properties.get(key).filter(|_| same_alias || key == STILL) {
            new.properties.insert(key.to_owned(), property(kept.value.clone()));
        }
    }
    if let (Some(written), Some(stored)) = (new.properties.get_mut("options"), old.properties.get("options")) {
        options::keep_retired(&mut written.value, &stored.value);
    }
}

/// With `prune`: the tenant's own elements retire, what it wrote over a package's goes.
fn drop_elements(stored: &Stored<'_>, wish: &mut Desired, gone: &[ElementPath]) {
    for path in gone {
        if stored.below_id(path).is_some() {
            wish.elements.shift_remove(path);
        } else if let Some(element) = wish.elements.get_mut(path) {
            element.state = State::Retired;
        }
    }
}

/// The element of this path in the layer, made over the package's if need be. None where nobody has it.
pub(crate) fn own_or_over<'w>(stored: &Stored<'_>, wish: &'w mut Desired, path: &ElementPath) -> Option<&'w mut Element> {
    if !wish.elements.contains_key(path) {
        let id = stored.below_id(path)?;
        wish.elements.insert(path.clone(), element(path.clone(), id, tenon_model::PropertyMap::default()));
    }
    wish.elements.get_mut(path)
}

/// The value a property has now: the layer's own, else that of the layers below.
pub(crate) fn present(stored: &Stored<'_>, wish: &Desired, path: &ElementPath, key: &str) -> Option<Json> {
    let own = wish.elements.get(path).and_then(|element| element.properties.get(key)).map(|one| one.value.clone());
    own.or_else(|| stored.below_properties(path).shift_remove(key))
}
