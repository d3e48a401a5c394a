//! Type definitions as text: those that are the same for every tenant (`schema/builtins.graphql`), and whole schemas that
//! are compared.

use tenon_diagnostics::Problem;

use super::ast::{Ident, TypeRef, ValueKind};
use super::parse::{Const, Parser};
use super::scan::{SCHEMA, TokenKind, syntax_error};
use crate::schema::{Deprecation, EnumValue, FieldDef, InputDef, TypeDef, TypeKind};

/// All types of a schema's text.
///
/// # Errors
/// A limit or a syntax error, the first met.
pub(crate) fn parse_schema(text: &str) -> Result<Vec<TypeDef>, Problem> {
    let mut parser = Parser::new(text, SCHEMA)?;
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
            while self.eat('&') {
                interfaces.push(self.name()?.text);
            }
        }
        for directive in self.directives(Const::Yes)? {
            one_of |= &*directive.name.text == "oneOf";
            if let Some(ValueKind::Text(url)) = directive.arguments.first().map(|argument| argument.value.kind.clone()) {
                specified_by = Some(url);
            }
        }
        let kind =
            match &*keyword.text {
                "scalar" => TypeKind::Scalar { specified_by },
                "enum" => TypeKind::Enum(self.block(|parser, description| {
                    Ok(EnumValue { description, name: parser.name()?.text, deprecated: parser.deprecated()? })
                })?),
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
                "type" => TypeKind::Object { fields: self.block(Self::field_definition)?, interfaces },
                other => return Err(syntax_error(keyword.pos, format!("`{other}` begins no type"), format!("`{other}` 不是类型定义"))),
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
        let deprecated = self.deprecated()?;
        Ok(InputDef { name, description, ty, default, deprecated })
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
        let deprecated = self.deprecated()?;
        Ok(FieldDef { name, description, arguments, ty, deprecated })
    }

    /// What `@deprecated` says, among the directives at hand.
    fn deprecated(&mut self) -> Result<Option<Deprecation>, Problem> {
        let directives = self.directives(Const::Yes)?;
        let said = directives.iter().find(|directive| &*directive.name.text == "deprecated");
        Ok(said.map(|said| match said.arguments.first().map(|argument| &argument.value.kind) {
            Some(ValueKind::Text(reason)) => Deprecation::plain(reason),
            _ => Deprecation::plain("No longer supported"),
        }))
    }
}
