//! Variables: defined once, of input types, used, used where their type fits; and their values in a request.

use tenon_diagnostics::{InputPath, Problem, Problems};
use tenon_value::{Json, JsonMap};

use super::settle::{FormerUse, instead, note, twice};
use super::walk::{Rules, Uses, did_you_mean};
use super::{directives, values};
use crate::collect::Variables;
use crate::schema::{Deprecation, Schema, TypeKind};
use crate::syntax::ast::{Ident, Operation, Pos, TypeRef, Value, ValueKind, VariableDef};

pub(super) fn check_definitions<'a>(rules: &mut Rules<'a>, operation: &'a Operation) {
    let mut seen: Vec<&str> = Vec::new();
    for variable in &operation.variables {
        let (name, pos) = (&*variable.name.text, variable.name.pos);
        if seen.contains(&name) {
            rules.report(pos, format!("There can be only one variable named \"${name}\"."), format!("变量“${name}”重复"));
        }
        seen.push(name);
        directives::check(rules, &variable.directives, "VARIABLE_DEFINITION");
        match rules.schema.ty(variable.ty.name()) {
            Some(ty) if ty.is_input() => {
                if let Some(default) = &variable.default {
                    values::check(rules, default, &variable.ty, false);
                }
            }
            Some(_) => {
                rules.report(
                    pos,
                    format!("Variable \"${name}\" cannot be non-input type \"{}\".", variable.ty),
                    format!("变量“${name}”的类型“{}”不能用作输入", variable.ty),
                );
            }
            None => {
                let ty = variable.ty.name();
                let (en, zh) = did_you_mean(ty, rules.schema.names().filter(|name| !name.starts_with("__")));
                rules.report(pos, format!("Unknown type \"{ty}\".{en}"), format!("未知的类型“{ty}”{zh}"));
            }
        }
    }
}

/// Checks the variables of an operation against all their uses, its own and those of the fragments it reaches.
pub(super) fn check_uses<'u, 'a: 'u>(
    rules: &mut Rules<'a>,
    operation: &'a Operation,
    own: &'u Uses<'a>,
    fragments: impl Iterator<Item = &'u Uses<'a>>,
) {
    let mut used: Vec<&str> = Vec::new();
    for found in own.variables.iter().chain(fragments.flat_map(|uses| &uses.variables)) {
        used.push(found.name);
        let Some(variable) = operation.variables.iter().find(|variable| &*variable.name.text == found.name) else {
            let of = operation.name.as_ref().map(|name| format!(" by operation \"{}\"", name.text)).unwrap_or_default();
            rules.report(found.pos, format!("Variable \"${}\" is not defined{of}.", found.name), format!("变量“${}”未定义", found.name));
            continue;
        };
        if let Some(expected) = &found.expected
            && !is_allowed(variable, expected, found.has_default)
        {
            rules.report(
                found.pos,
                format!("Variable \"${}\" of type \"{}\" used in position expecting type \"{expected}\".", found.name, variable.ty),
                format!("变量“${}”的类型是“{}”，而此处需要“{expected}”", found.name, variable.ty),
            );
        }
    }
    for variable in operation.variables.iter().filter(|variable| !used.contains(&&*variable.name.text)) {
        let name = &variable.name.text;
        rules.report(variable.name.pos, format!("Variable \"${name}\" is never used."), format!("变量“${name}”未被使用"));
    }
}

fn is_allowed(variable: &VariableDef, expected: &TypeRef, has_default: bool) -> bool {
    match expected {
        TypeRef::NonNull(inner) if !variable.ty.is_non_null() => {
            let filled = variable.default.as_ref().is_some_and(|default| !default.is_null()) || has_default;
            filled && fits(&variable.ty, inner)
        }
        _ => fits(&variable.ty, expected),
    }
}

fn fits(given: &TypeRef, expected: &TypeRef) -> bool {
    match (given, expected) {
        (TypeRef::NonNull(given), TypeRef::NonNull(expected)) => fits(given, expected),
        (_, TypeRef::NonNull(_)) => false,
        (TypeRef::NonNull(given), expected) => fits(given, expected),
        (TypeRef::List(given), TypeRef::List(expected)) => fits(given, expected),
        (TypeRef::Named(given), TypeRef::Named(expected)) => given == expected,
        _ => false,
    }
}

/// The values of an operation's variables in a request, and former names used in them.
///
/// # Errors
/// Everything that does not fit, with rule `graphql/variables`.
pub(crate) fn coerce(
    schema: &Schema,
    operation: &Operation,
    given: &JsonMap<String, Json>,
) -> Result<(Variables, Vec<FormerUse>), Problems> {
    let mut variables = Variables::new();
    let mut coercion = Coercion { schema, problems: Problems::default(), former: Vec::new(), name: "", pos: Pos::default() };
    for variable in &operation.variables {
        let name = &*variable.name.text;
        coercion.name = name;
        coercion.pos = variable.name.pos;
        match given.get(name) {
            Some(json) => {
                if let Some(value) = coercion.value(json, &variable.ty, &InputPath::default().key(name.to_owned())) {
                    variables.insert(name.into(), value);
                }
            }
            None => match &variable.default {
                Some(default) => {
                    variables.insert(name.into(), default.clone());
                }
                None if variable.ty.is_non_null() => {
                    let ty = &variable.ty;
                    coercion.report(
                        InputPath::default().key(name.to_owned()),
                        format!("Variable \"${name}\" of required type \"{ty}\" was not provided."),
                        format!("缺少变量“${name}”（类型“{ty}”）"),
                    );
                }
                None => {}
            },
        }
    }
    coercion.problems.into_result()?;
    Ok((variables, coercion.former))
}

struct Coercion<'a> {
    schema: &'a Schema,
    problems: Problems,
    former: Vec<FormerUse>,
    name: &'a str,
    pos: Pos,
}

impl Coercion<'_> {
    fn report(&mut self, path: InputPath, en: String, zh: String) {
        self.problems.push(Problem::invalid("graphql/variables", en, zh).at(path).located(self.pos.line, self.pos.column));
    }

    fn refuse(&mut self, path: &InputPath, expected: &str) -> Option<Value> {
        let name = self.name;
        self.report(
            path.clone(),
            format!("Variable \"${name}\" got an invalid value; expected type \"{expected}\"."),
            format!("变量“${name}”的值无效，需要类型“{expected}”"),
        );
        None
    }

    fn value(&mut self, json: &Json, ty: &TypeRef, path: &InputPath) -> Option<Value> {
        match (ty, json) {
            (TypeRef::NonNull(_), Json::Null) => self.refuse(path, &ty.to_string()),
            (TypeRef::NonNull(inner), _) => self.value(json, inner, path),
            (_, Json::Null) => Some(ValueKind::Null.into()),
            (TypeRef::List(inner), Json::Array(elements)) => {
                let elements: Vec<Option<Value>> =
                    elements.iter().enumerate().map(|(at, element)| self.value(element, inner, &path.index(at))).collect();
                elements.into_iter().collect::<Option<Vec<Value>>>().map(|elements| ValueKind::List(elements).into())
            }
            (TypeRef::List(inner), _) => Some(ValueKind::List(vec![self.value(json, inner, path)?]).into()),
            (TypeRef::Named(name), _) => self.named(json, name, path),
        }
    }

    /// The name that a member of a type has now.
    fn now(&mut self, ty: &str, name: &str, deprecated: Option<&Deprecation>) -> Box<str> {
        match instead(deprecated) {
            Some((now, until)) => {
                note(&mut self.former, format!("{ty}.{name}"), until);
                now
            }
            None => name.into(),
        }
    }

    fn named(&mut self, json: &Json, name: &str, path: &InputPath) -> Option<Value> {
        let schema = self.schema;
        match &schema.ty(name)?.kind {
            TypeKind::Scalar { .. } => match scalar(name, json) {
                Some(value) => Some(value.into()),
                None => self.refuse(path, name),
            },
            TypeKind::Enum(values) => match json.as_str().and_then(|word| values.iter().find(|known| &*known.name == word)) {
                Some(value) => Some(ValueKind::Enum(self.now(name, &value.name, value.deprecated.as_ref())).into()),
                None => self.refuse(path, name),
            },
            TypeKind::Input { fields, one_of } => {
                let Json::Object(members) = json else { return self.refuse(path, name) };
                let mut values = Vec::with_capacity(members.len());
                let before = self.problems.as_slice().len() + self.problems.more();
                for (key, member) in members {
                    match fields.iter().find(|field| *field.name == **key) {
                        Some(field) => {
                            if let Some(value) = self.value(member, &field.ty, &path.key(key.clone())) {
                                let text = self.now(name, key, field.deprecated.as_ref());
                                if values.iter().any(|(other, _): &(Ident, Value)| other.text == text) {
                                    self.problems.push(twice(&text, "graphql/variables").at(path.key(key.clone())));
                                }
                                values.push((Ident { text, pos: Pos::default() }, value));
                            }
                        }
                        None => {
                            let (en, zh) = did_you_mean(key, fields.iter().map(|field| &*field.name));
                            self.report(
                                path.key(key.clone()),
                                format!("Field \"{key}\" is not defined by type \"{name}\".{en}"),
                                format!("类型“{name}”没有字段“{key}”{zh}"),
                            );
                        }
                    }
                }
                for field in fields.iter().filter(|field| field.is_required() && !members.contains_key(&*field.name)) {
                    let (field, ty) = (&field.name, &field.ty);
                    self.report(
                        path.key(field.to_string()),
                        format!("Field \"{field}\" of required type \"{ty}\" was not provided."),
                        format!("缺少字段“{field}”（类型“{ty}”）"),
                    );
                }
                if *one_of && (members.len() != 1 || members.values().any(Json::is_null)) {
                    self.report(
                        path.clone(),
                        format!("Exactly one key must be specified for OneOf type \"{name}\", and not null."),
                        format!("“{name}”必须且只能给出一个非空字段"),
                    );
                }
                (self.problems.as_slice().len() + self.problems.more() == before).then(|| ValueKind::Object(values).into())
            }
            _ => self.refuse(path, name),
        }
    }
}

fn scalar(name: &str, json: &Json) -> Option<ValueKind> {
    match (name, json) {
        ("Int", Json::Number(number)) => {
            let whole = number.as_i64().or_else(|| {
                number
                    .as_f64()
                    .filter(|number| number.fract() == 0.0 && number.abs() < 3e9)
                    .and_then(|number| format!("{number:.0}").parse().ok())
            })?;
            i32::try_from(whole).is_ok().then(|| ValueKind::Int(whole.to_string().into()))
        }
        ("Float", Json::Number(number)) => number.as_f64().map(|_| generic(json)),
        ("String" | "ID", Json::String(_)) | ("Boolean", Json::Bool(_)) => Some(generic(json)),
        ("ID", Json::Number(number)) if number.is_i64() || number.is_u64() => Some(ValueKind::Text(number.to_string())),
        ("Int" | "Float" | "String" | "ID" | "Boolean", _) => None,
        _ => Some(generic(json)),
    }
}

/// JSON as a value, without a type to follow.
fn generic(json: &Json) -> ValueKind {
    match json {
        Json::Null => ValueKind::Null,
        Json::Bool(value) => ValueKind::Bool(*value),
        Json::Number(number) => {
            let digits = number.to_string().into_boxed_str();
            if digits.contains(['.', 'e', 'E']) { ValueKind::Float(digits) } else { ValueKind::Int(digits) }
        }
        Json::String(text) => ValueKind::Text(text.clone()),
        Json::Array(elements) => ValueKind::List(elements.iter().map(|element| generic(element).into()).collect()),
        Json::Object(members) => ValueKind::Object(
            members
                .iter()
                .map(|(key, member)| (Ident { text: key.as_str().into(), pos: Pos::default() }, generic(member).into()))
                .collect(),
        ),
    }
}
