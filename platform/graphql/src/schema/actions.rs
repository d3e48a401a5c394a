//! Actions of plugins: `acmeScoreRecalculate(input: AcmeScoreRecalculateInput!): AcmeScoreRecalculateResult!`; and their queries, which may
//! be null, so that one that fails takes nothing else of the answer with it.
//!
//! Everybody may call them: a function does what its caller may do and its package was granted, and no more.

use tenon_hooks::{FunctionOffer, Param};

use super::{FieldDef, InputDef, TypeDef, TypeKind};

/// The root field of Mutation.
pub(super) fn root(action: &FunctionOffer) -> FieldDef {
    let described = Some(format!("An action of the package `{}`.", action.package));
    FieldDef::new(&action.field(), &format!("{}!", action.result_type())).taking(input(action)).described(described)
}

/// The root field of Query.
pub(super) fn asked(query: &FunctionOffer) -> FieldDef {
    let described = Some(format!("A query of the package `{}`.", query.package));
    FieldDef::new(&query.field(), &query.result_type()).taking(input(query)).described(described)
}

/// Where nothing goes in there is no argument.
fn input(function: &FunctionOffer) -> Vec<InputDef> {
    if function.input.is_empty() { Vec::new() } else { vec![InputDef::new("input", &format!("{}!", function.input_type()))] }
}

fn ty(param: &Param) -> String {
    if param.many { format!("[{}!]", param.kind.graphql()) } else { param.kind.graphql().to_owned() }
}

/// What goes in, or comes out.
pub(super) fn grow(action: &FunctionOffer, goes_in: bool) -> TypeDef {
    if goes_in {
        let required = |param: &Param| param.required.then(|| "Required.".to_owned());
        let fields = action.input.iter().map(|param| InputDef::new(&param.graphql(), &ty(param)).described(required(param))).collect();
        return TypeDef { name: action.input_type().into(), description: None, kind: TypeKind::Input { fields, one_of: false } };
    }
    let given = |param: &Param| if param.many { format!("{}!", ty(param)) } else { ty(param) };
    let mut fields: Vec<FieldDef> = action.output.iter().map(|param| FieldDef::new(&param.graphql(), &given(param))).collect();
    if fields.is_empty() {
        // A type has at least one field.
        fields.push(FieldDef::new("done", "Boolean!"));
    }
    TypeDef { name: action.result_type().into(), description: None, kind: TypeKind::Object { fields, interfaces: Vec::new() } }
}
