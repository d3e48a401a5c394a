//! Root fields that call plugins, actions and queries: what is given is checked against what the function declares.

use tenon_diagnostics::{InputPath, Problem, Problems};
use tenon_hooks::{FunctionOffer, Param, ParamKind};
use tenon_query::{Call, CallKind};
use tenon_value::{Date, Json, JsonMap, Value};

use super::roots::Work;
use super::{Lower, Shared, scalars};
use crate::collect::Collected;
use crate::shape::{CalledPart, CalledShape};
use crate::syntax::ast::Value as Input;

/// A call of a function, and what of its answer is asked for.
pub(super) fn called<'a>(
    shared: Shared<'a>,
    (kind, function): (CallKind, &'a FunctionOffer),
    collected: &Collected<'a>,
) -> Result<(Call, CalledShape<'a>), Problems> {
    let lower = Lower::new(shared);
    let given = collected.first().and_then(|field| lower.collector.input(field, "input"));
    let input = Json::Object(members(function, given.as_deref())?);
    let call = Call { kind, package: function.package.clone(), name: function.name.clone(), input, cursor: None };
    let mut parts = Vec::new();
    for part in lower.collector.collect_below(&collected.fields, |_| true) {
        let Some(field) = part.first() else { continue };
        let made = match &*field.name.text {
            "__typename" => CalledPart::TypeName,
            name => function.output.iter().find(|param| param.graphql() == *name).map_or(CalledPart::Done, CalledPart::Value),
        };
        parts.push((part.key, made));
    }
    Ok((call, CalledShape { function, parts }))
}

impl<'a> Lower<'a> {
    /// A query of a plugin, where the field is one.
    pub(super) fn plugin_query(&mut self, shared: Shared<'a>, name: &str, collected: &Collected<'a>) -> Option<Work<'a>> {
        let query = self.view.offers.query_of(name)?;
        match called(shared, (CallKind::Query, query), collected) {
            Ok((call, shape)) => Some(Work::Called(call, shape)),
            Err(problems) => {
                for problem in problems.as_slice() {
                    self.problems.push(problem.clone());
                }
                None
            }
        }
    }
}

/// What goes in: absent members stay absent, `null` stays null.
fn members(function: &FunctionOffer, given: Option<&Input>) -> Result<JsonMap<String, Json>, Problems> {
    let mut problems = Problems::default();
    let mut members = JsonMap::new();
    for param in &function.input {
        let path = InputPath::default().key("input").key(param.graphql());
        match given.and_then(|given| given.get(&param.graphql())).map(|value| member(param, value)) {
            Some(Ok(value)) if !(param.required && value.is_null()) => {
                members.insert(param.name.clone(), value);
            }
            Some(Err(problem)) => problems.push(problem.field(param.name.as_str()).at(path)),
            None if !param.required => {}
            _ => problems.push(Problem::invalid("required", "this is required", "此项必填").field(param.name.as_str()).at(path)),
        }
    }
    problems.into_result().map(|()| members)
}

fn member(param: &Param, input: &Input) -> Result<Json, Problem> {
    if input.is_null() {
        return Ok(Json::Null);
    }
    if param.many {
        return input.elements().iter().map(|element| scalar(param.kind, element)).collect::<Result<_, _>>().map(Json::Array);
    }
    scalar(param.kind, input)
}

fn scalar(kind: ParamKind, input: &Input) -> Result<Json, Problem> {
    let wrong = |en: &'static str, zh: &'static str| Problem::invalid("type", en, zh);
    match kind {
        ParamKind::Text => Ok(match scalars::text(input)? {
            Value::Text(text) if !text.is_empty() => Json::from(text),
            _ => Json::Null,
        }),
        ParamKind::Integer => {
            let number = input.as_int().filter(|number| i32::try_from(*number).is_ok());
            number.map(Json::from).ok_or_else(|| wrong("expected a whole number", "应为整数"))
        }
        ParamKind::Decimal => scalars::decimal(input).map(|number| Json::from(number.to_string())),
        ParamKind::Boolean => input.as_bool().map(Json::from).ok_or_else(|| wrong("expected a boolean", "应为布尔值")),
        ParamKind::Date => {
            let date = input.as_text().and_then(|text| text.parse::<Date>().ok());
            date.map(|date| Json::from(date.to_string()))
                .ok_or_else(|| wrong("expected a date such as 2026-02-28", "应为日期,例如 2026-02-28"))
        }
        ParamKind::DateTime => scalars::moment(input).map(|moment| Json::from(moment.to_string())),
        ParamKind::Id => scalars::id(input).map(|id| Json::from(id.to_string())),
        ParamKind::Json => Ok(input.to_json()),
    }
}
