//! Directives: known, in a place where they may stand, not twice, with their arguments.

use std::sync::OnceLock;

use super::arguments;
use super::walk::{Rules, did_you_mean};
use crate::schema::InputDef;
use crate::syntax::ast::Directive;

fn condition() -> &'static [InputDef] {
    static IF: OnceLock<[InputDef; 1]> = OnceLock::new();
    IF.get_or_init(|| [InputDef::new("if", "Boolean!")])
}

pub(super) fn check<'a>(rules: &mut Rules<'a>, directives: &'a [Directive], location: &str) {
    let mut seen: Vec<&str> = Vec::new();
    for directive in directives {
        let (name, pos) = (&*directive.name.text, directive.name.pos);
        if seen.contains(&name) {
            rules.report(
                pos,
                format!("The directive \"@{name}\" can only be used once at this location."),
                format!("指令“@{name}”在这里只能用一次"),
            );
        }
        seen.push(name);
        match name {
            "skip" | "include" => {
                if !matches!(location, "FIELD" | "FRAGMENT_SPREAD" | "INLINE_FRAGMENT") {
                    misplaced(rules, directive, location);
                }
                arguments::check(rules, &directive.arguments, Some(condition()), (name, pos));
            }
            "deprecated" | "specifiedBy" | "oneOf" => {
                misplaced(rules, directive, location);
                arguments::check(rules, &directive.arguments, None, (name, pos));
            }
            _ => {
                let (en, zh) = did_you_mean(name, ["skip", "include"]);
                rules.report(pos, format!("Unknown directive \"@{name}\".{en}"), format!("未知的指令“@{name}”{zh}"));
                arguments::check(rules, &directive.arguments, None, (name, pos));
            }
        }
    }
}

fn misplaced(rules: &mut Rules<'_>, directive: &Directive, location: &str) {
    let name = &directive.name.text;
    rules.report(
        directive.name.pos,
        format!("Directive \"@{name}\" may not be used on {location}."),
        format!("指令“@{name}”不能用在 {location}"),
    );
}
