//! The type definitions that are the same for every tenant, read once from `schema/builtins.graphql`.

use tenon_diagnostics::Problem;

use super::ast::{Ident, TypeRef, ValueKind};
use super::parse::{Const, Parser};
use super::scan::TokenKind;
use crate::schema::{EnumValue, FieldDef, InputDef, TypeDef, TypeKind};

/// All types of a text of our own.
///
/// # Errors
/// A syntax error: a bug of ours.
pub(crate) fn parse_types(text: &str) -> Result<Vec<TypeDef>, Problem> {
    let mut parser = Parser::new(text)?;
    let mut types = Vec::new();
    while !parser.at_end() {
        types.push(parser.type_definition()?);
    }
    Ok(types)
}

impl Parser<'_> {
    fn description(&mut self) -> Option<String> {
        let TokenKind::Text(text) = &self.peek().kind else { return None };
        let text = text.clone().into_owned();
        self.advance();
        Some(text)
    }

    fn type_definition(&mut self) -> Result<TypeDef, Problem> {
        let description = self.description();
        let keyword = self.name()?;
        let name = self.name()?.text;
        let mut specified_by = None;
        let mut one_of = false;
        let mut interfaces = Vec::new();
        if self.word() == Some("implements") {
            self.advance();
            interfaces.push(self.name()?.text);
        }
        for directive in self.directives(Const::Yes)? {
            one_of |= &*directive.name.text == "oneOf";
            if let Some(ValueKind::Text(url)) = directive.arguments.first().map(|argument| argument.value.kind.clone()) {
                specified_by = Some(url);
            }
        }
        let kind = match &*keyword.text {
            "scalar" => TypeKind::Scalar { specified_by },
            "enum" => TypeKind::Enum(
                self.block(|parser, description| Ok(EnumValue { description, name: parser.name()?.text, deprecated: None }))?,
            ),
            "input" => TypeKind::Input { fields: self.block(Self::input_definition)?, one_of },
            "interface" => TypeKind::Interface { fields: self.block(Self::field_definition)? },
            "union" => {
                self.expect('=')?;
                let mut members = vec![self.name()?.text];
                while self.eat('|') {
                    members.push(self.name()?.text);
                }
                TypeKind::Union(members)
            }
            _ => TypeKind::Object { fields: self.block(Self::field_definition)?, interfaces },
        };
        Ok(TypeDef { name, description, kind })
    }

    fn block<T>(&mut self, mut item: impl FnMut(&mut Self, Option<String>) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
        self.expect('{')?;
        let mut items = Vec::new();
        while !self.eat('}') {
            let description = self.description();
            items.push(item(self, description)?);
        }
        Ok(items)
    }

    fn input_definition(&mut self, description: Option<String>) -> Result<InputDef, Problem> {
        let Ident { text: name, .. } = self.name()?;
        self.expect(':')?;
        let ty: TypeRef = self.type_ref()?;
        let default = if self.eat('=') { Some(self.value(Const::Yes)?) } else { None };
        self.directives(Const::Yes)?;
        Ok(InputDef { name, description, ty, default, deprecated: None })
    }

    fn field_definition(&mut self, description: Option<String>) -> Result<FieldDef, Problem> {
        let Ident { text: name, .. } = self.name()?;
        let mut arguments = Vec::new();
        if self.eat('(') {
            while !self.eat(')') {
                let description = self.description();
                arguments.push(self.input_definition(description)?);
            }
        }
        self.expect(':')?;
        let ty = self.type_ref()?;
        Ok(FieldDef { name, description, arguments, ty, deprecated: None })
    }
}
