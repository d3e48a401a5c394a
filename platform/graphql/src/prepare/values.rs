//! Literals against types. Custom scalars take any literal here; lowering reads them, and says what is wrong where.

use super::walk::{Rules, VariableUse, did_you_mean};
use crate::schema::{InputDef, TypeDef, TypeKind};
use crate::syntax::ast::{TypeRef, Value, ValueKind};

/// Checks a value where this type is expected, and notes the variables in it.
pub(super) fn check<'a>(rules: &mut Rules<'a>, value: &'a Value, expected: &'a TypeRef, has_default: bool) {
    if let ValueKind::Variable(name) = &value.kind {
        rules.uses.variables.push(VariableUse { name, pos: value.pos, expected: Some(expected.clone()), has_default });
        return;
    }
    match expected {
        TypeRef::NonNull(inner) => {
            if value.is_null() {
                rules.report(
                    value.pos,
                    format!("Expected value of type \"{expected}\", found null."),
                    format!("需要类型“{expected}”，不能为 null"),
                );
            } else {
                check(rules, value, inner, false);
            }
        }
        _ if value.is_null() => {}
        TypeRef::List(inner) => match &value.kind {
            ValueKind::List(elements) => {
                for element in elements {
                    check(rules, element, inner, false);
                }
            }
            _ => check(rules, value, inner, false),
        },
        TypeRef::Named(name) => {
            if let Some(ty) = rules.schema.ty(name) {
                check_named(rules, value, ty);
            }
        }
    }
}

/// Notes the variables in a value of which no type is known.
pub(super) fn gather<'a>(rules: &mut Rules<'a>, value: &'a Value) {
    match &value.kind {
        ValueKind::Variable(name) => rules.uses.variables.push(VariableUse { name, pos: value.pos, expected: None, has_default: false }),
        ValueKind::List(elements) => elements.iter().for_each(|element| gather(rules, element)),
        ValueKind::Object(members) => members.iter().for_each(|(_, member)| gather(rules, member)),
        _ => {}
    }
}

/// Whether a literal is one of a scalar.
fn is_scalar(name: &str, value: &ValueKind) -> bool {
    match name {
        "Int" => matches!(value, ValueKind::Int(digits) if digits.parse::<i32>().is_ok()),
        "Float" => matches!(value, ValueKind::Int(digits) | ValueKind::Float(digits) if digits.parse::<f64>().is_ok_and(f64::is_finite)),
        "String" => matches!(value, ValueKind::Text(_)),
        "Boolean" => matches!(value, ValueKind::Bool(_)),
        "ID" => matches!(value, ValueKind::Text(_) | ValueKind::Int(_)),
        _ => true,
    }
}

fn check_named<'a>(rules: &mut Rules<'a>, value: &'a Value, ty: &'a TypeDef) {
    let name = &ty.name;
    match &ty.kind {
        TypeKind::Scalar { .. } => {
            gather(rules, value);
            if !is_scalar(name, &value.kind) {
                rules.report(value.pos, format!("Expected value of type \"{name}\"."), format!("需要类型“{name}”的值"));
            }
        }
        TypeKind::Enum(values) => match &value.kind {
            ValueKind::Enum(word) if values.iter().any(|known| known.name == *word) => {}
            ValueKind::Enum(word) => {
                let (en, zh) = did_you_mean(word, values.iter().map(|known| &*known.name));
                rules.report(
                    value.pos,
                    format!("Value \"{word}\" does not exist in \"{name}\" enum.{en}"),
                    format!("枚举“{name}”没有值“{word}”{zh}"),
                );
            }
            _ => {
                gather(rules, value);
                rules.report(value.pos, format!("Enum \"{name}\" cannot represent this value."), format!("这不是枚举“{name}”的值"));
            }
        },
        TypeKind::Input { fields, one_of } => check_input(rules, value, (name, fields, *one_of)),
        _ => {}
    }
}

fn check_input<'a>(rules: &mut Rules<'a>, value: &'a Value, (name, fields, one_of): (&str, &'a [InputDef], bool)) {
    let ValueKind::Object(members) = &value.kind else {
        gather(rules, value);
        rules.report(value.pos, format!("Expected value of type \"{name}\" to be an object."), format!("类型“{name}”需要一个对象"));
        return;
    };
    let mut seen: Vec<&str> = Vec::new();
    for (key, member) in members {
        let word = &*key.text;
        if seen.contains(&word) {
            rules.report(key.pos, format!("There can be only one input field named \"{word}\"."), format!("输入字段“{word}”重复"));
        }
        seen.push(word);
        match fields.iter().find(|field| &*field.name == word) {
            Some(field) if one_of => check_one_of(rules, member, (name, field)),
            Some(field) => check(rules, member, &field.ty, field.default.is_some()),
            None => {
                let (en, zh) = did_you_mean(word, fields.iter().map(|field| &*field.name));
                rules.report(
                    key.pos,
                    format!("Field \"{word}\" is not defined by type \"{name}\".{en}"),
                    format!("类型“{name}”没有字段“{word}”{zh}"),
                );
                gather(rules, member);
            }
        }
    }
    if one_of && members.len() != 1 {
        rules.report(
            value.pos,
            format!("OneOf Input Object \"{name}\" must specify exactly one key."),
            format!("“{name}”必须且只能给出一个字段"),
        );
    }
    for field in fields.iter().filter(|field| field.is_required() && !seen.contains(&&*field.name)) {
        let (field, ty) = (&field.name, &field.ty);
        rules.report(
            value.pos,
            format!("Field \"{name}.{field}\" of required type \"{ty}\" was not provided."),
            format!("缺少必填字段“{name}.{field}”（类型“{ty}”）"),
        );
    }
}

/// The one member of a `@oneOf` input is never null, nor a variable that may be.
fn check_one_of<'a>(rules: &mut Rules<'a>, member: &'a Value, (name, field): (&str, &'a InputDef)) {
    match &member.kind {
        ValueKind::Null => {
            rules.report(
                member.pos,
                format!("Field \"{name}.{}\" must be non-null.", field.name),
                format!("字段“{name}.{}”不能为 null", field.name),
            );
        }
        ValueKind::Variable(variable) => {
            let expected = TypeRef::NonNull(Box::new(field.ty.nullable().clone()));
            rules.uses.variables.push(VariableUse { name: variable, pos: member.pos, expected: Some(expected), has_default: false });
        }
        _ => check(rules, member, &field.ty, false),
    }
}
