//! Fragments: unique, used, on composite types, without cycles.

use std::collections::{HashMap, HashSet};

use super::walk::{Rules, Uses};
use super::{directives, selections};
use crate::syntax::ast::Fragment;

pub(super) fn check_names(rules: &mut Rules<'_>) {
    let document = rules.document;
    let mut seen: HashSet<&str> = HashSet::new();
    for fragment in &document.fragments {
        let name = &fragment.name;
        if !seen.insert(&name.text) {
            rules.report(
                name.pos,
                format!("There can be only one fragment named \"{}\".", name.text),
                format!("片段名“{}”重复", name.text),
            );
        }
    }
}

pub(super) fn check_definition<'a>(rules: &mut Rules<'a>, fragment: &'a Fragment) {
    directives::check(rules, &fragment.directives, "FRAGMENT_DEFINITION");
    let on = selections::check_condition(rules, &fragment.on);
    selections::check(rules, &fragment.selection, on);
}

/// Every fragment reached from these uses, directly or through others.
pub(super) fn reachable<'a>(uses: &Uses<'a>, all: &HashMap<&'a str, Uses<'a>>) -> HashSet<&'a str> {
    let mut reached = HashSet::new();
    let mut waiting: Vec<&'a str> = uses.spreads.iter().map(|(name, _)| *name).collect();
    while let Some(name) = waiting.pop() {
        if let Some(uses) = all.get(name)
            && reached.insert(name)
        {
            waiting.extend(uses.spreads.iter().map(|(name, _)| *name));
        }
    }
    reached
}

/// Reports each fragment that leads back to itself. True where there is one.
pub(super) fn check_cycles<'a>(rules: &mut Rules<'a>, all: &HashMap<&'a str, Uses<'a>>) -> bool {
    let document = rules.document;
    let mut cyclic = false;
    let mut done: HashSet<&str> = HashSet::new();
    for fragment in &document.fragments {
        let name = &*fragment.name.text;
        // Depth-first with an explicit stack: fragments still open on the way are a cycle.
        let mut open: Vec<(&str, usize)> = vec![(name, 0)];
        while let Some((current, next)) = open.pop() {
            let Some((target, pos)) = all.get(current).and_then(|uses| uses.spreads.get(next)) else {
                done.insert(current);
                continue;
            };
            open.push((current, next + 1));
            if open.iter().any(|(name, _)| name == target) {
                cyclic = true;
                rules.report(*pos, format!("Cannot spread fragment \"{target}\" within itself."), format!("片段“{target}”不能包含自身"));
            } else if !done.contains(target) {
                open.push((target, 0));
            }
        }
    }
    cyclic
}

pub(super) fn check_unused(rules: &mut Rules<'_>, reached: &HashSet<&str>) {
    let document = rules.document;
    for fragment in document.fragments.iter().filter(|fragment| !reached.contains(&*fragment.name.text)) {
        let name = &fragment.name;
        rules.report(name.pos, format!("Fragment \"{}\" is never used.", name.text), format!("片段“{}”未被使用", name.text));
    }
    if document.operations.is_empty() {
        rules.report(crate::syntax::ast::Pos { line: 1, column: 1 }, "The document has no operation.", "文档中没有操作");
    }
}
