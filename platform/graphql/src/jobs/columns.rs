//! The columns of an export: which are asked for, how they are selected, and how a value becomes a cell.

use tenon_diagnostics::{InputPath, Problem, nearest};
use tenon_model::{Choice, FieldKind, Object};
use tenon_parquet::Kind;
use tenon_value::{Json, Locale, camel};

use super::kinds;
use crate::schema::{Schema, TypeKind};
use crate::syntax::ast::TypeRef;

/// Columns of an export at most (`export_columns`).
pub const COLUMNS_MAX: usize = 200;

/// One column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its name in the file: `amount.currency`.
    pub(crate) name: String,
    /// What stands above it.
    pub(crate) header: String,
    /// Where its value stands in a record as answered.
    path: Vec<String>,
    /// Options by their values on the wire: code, and label.
    options: Vec<(String, String, String)>,
    /// Free text: what a spreadsheet would take for a formula is guarded.
    is_text: bool,
    /// Its type where columns have one.
    pub(crate) kind: Kind,
}

/// Columns and the selection that reads them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    pub(crate) all: Vec<Column>,
    pub(crate) selection: String,
}

/// How cells are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) locale: Locale,
    /// Labels instead of codes, displays instead of ids.
    pub(crate) labels: bool,
}

/// The columns asked for, or all that are seen.
pub(crate) fn columns(schema: &Schema, object: &Object, wanted: &[String], manner: Manner) -> Result<Columns, Problem> {
    let wanted: Vec<String> = if wanted.is_empty() { usual(schema, object) } else { wanted.to_vec() };
    if wanted.len() > COLUMNS_MAX {
        return Err(Problem::exhausted("export_columns", COLUMNS_MAX as u64, wanted.len() as u64));
    }
    let mut columns = Columns::default();
    for (at, name) in wanted.iter().enumerate() {
        let path = InputPath::default().key("columns").index(at);
        column(schema, object, name, manner, &mut columns).map_err(|problem| problem.at(path))?;
    }
    Ok(columns)
}

/// Everything that is a value: system fields first, then fields and to-one relations as the object has them.
fn usual(schema: &Schema, object: &Object) -> Vec<String> {
    let view = schema.view();
    let mut names: Vec<String> = ["id", "version", "created_at", "updated_at"].map(str::to_owned).to_vec();
    names.extend(view.shown(object).filter(|field| !field.system && field.kind != FieldKind::Secret).map(|field| field.name.to_string()));
    let ones = view.shown_ones(object).filter(|relation| !relation.system || relation.name.as_str() == "owner");
    names.extend(ones.map(|relation| relation.name.to_string()));
    names
}

fn unknown(object: &Object, name: &str, known: &[String]) -> Problem {
    let hint = nearest(name, known.iter().map(String::as_str));
    let (en, zh) = hint.map_or_else(Default::default, |hint| (format!(", did you mean `{hint}`"), format!(",是否想写 `{hint}`")));
    let object = &object.name;
    Problem::invalid("export/column", format!("`{object}` has no column `{name}`{en}"), format!("`{object}` 没有列 `{name}`{zh}"))
}

fn column(schema: &Schema, object: &Object, name: &str, manner: Manner, columns: &mut Columns) -> Result<(), Problem> {
    let (first, part) = name.split_once('.').map_or((name, None), |(first, part)| (first, Some(part)));
    let wrong = || unknown(object, name, &usual(schema, object));
    let own = schema.ty(&object.graphql.type_name).ok_or_else(wrong)?;
    let wire = camel(first);
    let ty = schema.field(own, &wire).map(|field| field.ty.clone()).ok_or_else(wrong)?;
    if is_list_of_records(schema, &ty) {
        return Err(wrong());
    }
    let header = header(object, first, part, manner);
    if schema.ty(ty.name()).is_some_and(|ty| matches!(ty.kind, TypeKind::Union(_))) {
        return several_kinds(schema, (object, first, part), manner, columns).ok_or_else(wrong);
    }
    let field = object.field_named(first);
    let options = field.map_or_else(Vec::new, |field| options(&field.kind, manner.locale));
    let Some(parts) = parts(schema, &ty, part, manner) else {
        if part.is_some() {
            return Err(wrong());
        }
        let is_text = field.is_some_and(|field| is_text(&field.kind)) || first == "display";
        columns.selection += &format!(" {wire}");
        let kind = kinds::of(schema, (object, first, None), &ty);
        columns.all.push(Column { name: name.to_owned(), header, path: vec![wire], options, is_text, kind });
        return Ok(());
    };
    let parts = parts.map_err(|()| wrong())?;
    let inner: Vec<String> = parts.iter().map(|part| camel(part)).collect();
    // Each column has a key of its own, so that the same relation may be asked for twice.
    let key = format!("c{}", columns.all.len());
    columns.selection += &format!(" {key}: {wire} {{ {} }}", inner.join(" "));
    let several = parts.len() > 1;
    for (part, inner) in parts.iter().zip(inner) {
        let named = if several { format!("{first}.{part}") } else { name.to_owned() };
        let header = match (several, manner.labels) {
            (false, _) => header.clone(),
            (true, false) => named.clone(),
            (true, true) => format!("{header} {part}"),
        };
        let kind = kinds::of(schema, (object, first, Some(part)), &ty);
        let (path, is_text) = (vec![key.clone(), inner], part != "id" && part != "amount");
        columns.all.push(Column { name: named, header, path, options: Vec::new(), is_text, kind });
    }
    Ok(())
}

/// A relation to records of several objects: which object, and its id; with labels how it is displayed.
fn several_kinds(
    schema: &Schema,
    (object, first, part): (&Object, &str, Option<&str>),
    manner: Manner,
    columns: &mut Columns,
) -> Option<()> {
    let wanted = match part {
        Some(part @ ("object" | "id" | "display")) => vec![part],
        Some(_) => return None,
        None if manner.labels => vec!["display"],
        None => vec!["object", "id"],
    };
    let key = format!("c{}", columns.all.len());
    columns.selection += &format!(" {key}: {} {{ object: __typename ... on Record {{ id display }} }}", camel(first));
    let kind = |object: &Object| (object.graphql.type_name.to_string(), object.name.to_string(), object.name.to_string());
    let kinds: Vec<(String, String, String)> = schema.view().objects().map(kind).collect();
    for one in wanted {
        // How it is displayed stands for the whole relation where nothing else was asked for.
        let inner = (part.is_some() || !manner.labels).then_some(one);
        columns.all.push(Column {
            name: inner.map_or_else(|| first.to_owned(), |inner| format!("{first}.{inner}")),
            header: header(object, first, inner, manner),
            path: vec![key.clone(), one.to_owned()],
            options: if one == "object" { kinds.clone() } else { Vec::new() },
            is_text: one == "display",
            kind: Kind::Text,
        });
    }
    Some(())
}

fn is_list_of_records(schema: &Schema, ty: &TypeRef) -> bool {
    let composite = schema.ty(ty.name()).is_some_and(crate::schema::TypeDef::is_composite);
    let connection = ty.name().ends_with("Connection") || matches!(ty.name(), "RecordCan" | "ExternalId");
    connection || (composite && matches!(ty.nullable(), TypeRef::List(_)))
}

/// The parts of a composite that become columns; none of what is one value itself.
fn parts(schema: &Schema, ty: &TypeRef, part: Option<&str>, manner: Manner) -> Option<Result<Vec<String>, ()>> {
    let found = schema.ty(ty.name()).filter(|found| found.is_composite())?;
    let usual: &[&str] = match ty.name() {
        "Money" => &["amount", "currency"],
        "Address" => &["country", "region", "city", "district", "street", "postal_code"],
        "Geo" => &["lat", "lng"],
        "RichText" => &["markdown"],
        "SecretState" => &["is_set"],
        "File" => &["id"],
        "Actor" => &["display"],
        _ if manner.labels => &["display"],
        _ => &["id"],
    };
    let Some(part) = part else { return Some(Ok(usual.iter().map(|part| (*part).to_owned()).collect())) };
    let plain = |ty: &TypeRef| schema.ty(ty.name()).is_none_or(|inner| !inner.is_composite());
    let is_there = schema.field(found, &camel(part)).is_some_and(|field| field.arguments.is_empty() && plain(&field.ty));
    Some(if is_there { Ok(vec![part.to_owned()]) } else { Err(()) })
}

fn header(object: &Object, first: &str, part: Option<&str>, manner: Manner) -> String {
    let whole = part.map_or_else(|| first.to_owned(), |part| format!("{first}.{part}"));
    if !manner.labels {
        return whole;
    }
    let label = object
        .field_named(first)
        .map(|field| &field.label)
        .or_else(|| object.relation_named(first).map(|relation| &relation.label))
        .and_then(|label| label.get(manner.locale));
    match (label, part) {
        (Some(label), None) => label.to_owned(),
        (Some(label), Some(part)) => format!("{label} {part}"),
        (None, _) => whole,
    }
}

/// Wire value, code, label.
fn options(kind: &FieldKind, locale: Locale) -> Vec<(String, String, String)> {
    let (FieldKind::Choice(options) | FieldKind::Choices(options)) = kind else { return Vec::new() };
    let wire = |option: &Choice| {
        let upper = option.name.as_str().to_uppercase();
        if upper.starts_with(|first: char| first.is_ascii_digit()) { format!("_{upper}") } else { upper }
    };
    options
        .iter()
        .map(|option| (wire(option), option.name.to_string(), option.label.get(locale).unwrap_or(option.name.as_str()).to_owned()))
        .collect()
}

const fn is_text(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Text { .. }
            | FieldKind::LongText
            | FieldKind::Email
            | FieldKind::Phone
            | FieldKind::Url
            | FieldKind::Json
            | FieldKind::AutoNumber { .. }
    )
}

impl Column {
    /// The value of this column in a record as answered.
    pub(crate) fn value(&self, record: &Json, manner: Manner) -> Json {
        let value = self.path.iter().try_fold(record, |value, key| value.get(key)).unwrap_or(&Json::Null);
        match value {
            Json::String(text) => self.option(text, manner).map_or_else(|| value.clone(), Json::from),
            Json::Array(elements) => elements
                .iter()
                .map(|element| element.as_str().and_then(|text| self.option(text, manner)).map_or_else(|| element.clone(), Json::from))
                .collect(),
            other => other.clone(),
        }
    }

    fn option(&self, text: &str, manner: Manner) -> Option<String> {
        let (_, code, label) = self.options.iter().find(|(wire, ..)| wire == text)?;
        Some(if manner.labels { label.clone() } else { code.clone() })
    }

    /// The value as a cell of a CSV file. A text that a spreadsheet would take for a formula gets `'` in front.
    pub(crate) fn cell(&self, record: &Json, manner: Manner) -> String {
        let text = match self.value(record, manner) {
            Json::Null => String::new(),
            Json::String(text) => text,
            Json::Array(elements) => {
                let texts = elements.iter().map(|element| element.as_str().map_or_else(|| element.to_string(), str::to_owned));
                texts.collect::<Vec<_>>().join(";")
            }
            other => other.to_string(),
        };
        guarded(text, self.is_text)
    }
}

/// Phone numbers begin with `+` and are no formulas; whatever else may begin one is guarded.
fn guarded(text: String, is_text: bool) -> String {
    let first = text.chars().next();
    let plus =
        text.strip_prefix('+').is_some_and(|rest| !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_digit() || letter == ' '));
    if is_text && matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r')) && !plus { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded() {
        for bad in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1"] {
            assert_eq!(guarded(bad.to_owned(), true), format!("'{bad}"));
        }
        for fine in ["", "Acme", "+86 13800138000", "a=b"] {
            assert_eq!(guarded(fine.to_owned(), true), fine);
        }
        assert_eq!(guarded("-5.00".to_owned(), false), "-5.00", "a number is a number");
    }
}
