//! Arguments: known, given once, given where required, of the right type.

use super::values;
use super::walk::{Rules, did_you_mean};
use crate::schema::InputDef;
use crate::syntax::ast::{Argument, Pos};

/// Checks arguments against their definitions; without them, only that none is given twice.
pub(super) fn check<'a>(rules: &mut Rules<'a>, arguments: &'a [Argument], definitions: Option<&'a [InputDef]>, (owner, pos): (&str, Pos)) {
    let mut seen: Vec<&str> = Vec::new();
    for argument in arguments {
        let name = &*argument.name.text;
        if seen.contains(&name) {
            rules.report(argument.name.pos, format!("There can be only one argument named \"{name}\"."), format!("参数“{name}”重复"));
        }
        seen.push(name);
        let definition = definitions.and_then(|definitions| definitions.iter().find(|definition| &*definition.name == name));
        match (definition, definitions) {
            (Some(definition), _) => values::check(rules, &argument.value, &definition.ty, definition.default.is_some()),
            (None, Some(definitions)) => {
                let (en, zh) = did_you_mean(name, definitions.iter().map(|definition| &*definition.name));
                rules.report(
                    argument.name.pos,
                    format!("Unknown argument \"{name}\" on \"{owner}\".{en}"),
                    format!("“{owner}”没有参数“{name}”{zh}"),
                );
                values::gather(rules, &argument.value);
            }
            (None, None) => values::gather(rules, &argument.value),
        }
    }
    for definition in
        definitions.unwrap_or_default().iter().filter(|definition| definition.is_required() && !seen.contains(&&*definition.name))
    {
        let (name, ty) = (&definition.name, &definition.ty);
        rules.report(
            pos,
            format!("Field \"{owner}\" argument \"{name}\" of type \"{ty}\" is required, but it was not provided."),
            format!("“{owner}”缺少必填参数“{name}”（类型“{ty}”）"),
        );
    }
}
