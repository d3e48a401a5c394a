//! Tokens → executable document, by recursive descent; the scan has bounded the nesting.

use tenon_diagnostics::Problem;

use super::ast::{
    Argument, Directive, Document, Field, Fragment, Ident, Inline, Operation, OperationKind, Selection, Spread, TypeRef, Value, ValueKind,
    VariableDef,
};
use super::scan::{Bounds, DOCUMENT, Token, TokenKind, scan, syntax_error};

/// The tokens not yet read.
pub(crate) struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    end: Token<'a>,
}

/// The tree of an executable document.
///
/// # Errors
/// A limit or a syntax error, the first met.
pub(crate) fn parse(text: &str) -> Result<Document, Problem> {
    let mut parser = Parser::new(text, DOCUMENT)?;
    let mut document = Document::default();
    while !parser.at_end() {
        parser.definition(&mut document)?;
    }
    if document.operations.is_empty() && document.fragments.is_empty() {
        return Err(parser.unexpected());
    }
    Ok(document)
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, bounds: Bounds) -> Result<Self, Problem> {
        let tokens = scan(text, bounds)?;
        let end = tokens.last().cloned().unwrap_or(Token { kind: TokenKind::End, pos: super::ast::Pos::default() });
        Ok(Self { tokens, at: 0, end })
    }

    pub(super) fn peek(&self) -> &Token<'a> {
        self.tokens.get(self.at).unwrap_or(&self.end)
    }

    pub(super) fn at_end(&self) -> bool {
        self.peek().kind == TokenKind::End
    }

    pub(super) fn advance(&mut self) -> Token<'a> {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    pub(super) fn unexpected(&self) -> Problem {
        let token = self.peek();
        match &token.kind {
            TokenKind::Punct(letter) => syntax_error(token.pos, format!("unexpected `{letter}`"), format!("意外的 `{letter}`")),
            TokenKind::Spread => syntax_error(token.pos, "unexpected `...`", "意外的 `...`"),
            TokenKind::Name(name) => syntax_error(token.pos, format!("unexpected name `{name}`"), format!("意外的名称 `{name}`")),
            TokenKind::Int(digits) | TokenKind::Float(digits) => {
                syntax_error(token.pos, format!("unexpected number `{digits}`"), format!("意外的数字 `{digits}`"))
            }
            TokenKind::Text(_) => syntax_error(token.pos, "unexpected string", "意外的字符串"),
            TokenKind::End => syntax_error(token.pos, "unexpected end of the document", "文档意外结束"),
        }
    }

    pub(super) fn is(&self, letter: char) -> bool {
        self.peek().kind == TokenKind::Punct(letter)
    }

    pub(super) fn eat(&mut self, letter: char) -> bool {
        let there = self.is(letter);
        if there {
            self.at += 1;
        }
        there
    }

    pub(super) fn expect(&mut self, letter: char) -> Result<(), Problem> {
        if self.eat(letter) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn word(&self) -> Option<&'a str> {
        match self.peek().kind {
            TokenKind::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn name(&mut self) -> Result<Ident, Problem> {
        let Some(text) = self.word() else { return Err(self.unexpected()) };
        let pos = self.advance().pos;
        Ok(Ident { text: text.into(), pos })
    }

    fn definition(&mut self, document: &mut Document) -> Result<(), Problem> {
        let pos = self.peek().pos;
        if self.is('{') {
            let selection = self.selection_set()?;
            document.operations.push(Operation {
                kind: OperationKind::Query,
                name: None,
                variables: Vec::new(),
                directives: Vec::new(),
                selection,
                pos,
            });
            return Ok(());
        }
        let kind = match self.word() {
            Some("query") => OperationKind::Query,
            Some("mutation") => OperationKind::Mutation,
            Some("subscription") => OperationKind::Subscription,
            Some("fragment") => {
                let fragment = self.fragment()?;
                document.fragments.push(fragment);
                return Ok(());
            }
            _ => return Err(self.unexpected()),
        };
        self.advance();
        let name = if self.word().is_some() { Some(self.name()?) } else { None };
        let mut variables = Vec::new();
        if self.eat('(') {
            while !self.eat(')') {
                variables.push(self.variable_definition()?);
            }
            if variables.is_empty() {
                return Err(syntax_error(pos, "an empty list of variables", "变量列表不能为空"));
            }
        }
        let directives = self.directives(Const::No)?;
        let selection = self.selection_set()?;
        document.operations.push(Operation { kind, name, variables, directives, selection, pos });
        Ok(())
    }

    fn fragment(&mut self) -> Result<Fragment, Problem> {
        self.advance();
        if self.word() == Some("on") {
            return Err(self.unexpected());
        }
        let name = self.name()?;
        if self.word() != Some("on") {
            return Err(self.unexpected());
        }
        self.advance();
        let on = self.name()?;
        let directives = self.directives(Const::No)?;
        let selection = self.selection_set()?;
        Ok(Fragment { name, on, directives, selection })
    }

    fn variable_definition(&mut self) -> Result<VariableDef, Problem> {
        self.expect('$')?;
        let name = self.name()?;
        self.expect(':')?;
        let ty = self.type_ref()?;
        let default = if self.eat('=') { Some(self.value(Const::Yes)?) } else { None };
        let directives = self.directives(Const::Yes)?;
        Ok(VariableDef { name, ty, default, directives })
    }

    pub(super) fn type_ref(&mut self) -> Result<TypeRef, Problem> {
        let inner = if self.eat('[') {
            let element = self.type_ref()?;
            self.expect(']')?;
            TypeRef::List(Box::new(element))
        } else {
            TypeRef::Named(self.name()?.text)
        };
        Ok(if self.eat('!') { TypeRef::NonNull(Box::new(inner)) } else { inner })
    }

    pub(super) fn directives(&mut self, constant: Const) -> Result<Vec<Directive>, Problem> {
        let mut directives = Vec::new();
        while self.eat('@') {
            let name = self.name()?;
            let arguments = self.arguments(constant)?;
            directives.push(Directive { name, arguments });
        }
        Ok(directives)
    }

    fn arguments(&mut self, constant: Const) -> Result<Vec<Argument>, Problem> {
        let mut arguments = Vec::new();
        if self.eat('(') {
            while !self.is(')') || arguments.is_empty() {
                let name = self.name()?;
                self.expect(':')?;
                arguments.push(Argument { name, value: self.value(constant)? });
            }
            self.expect(')')?;
        }
        Ok(arguments)
    }

    fn selection_set(&mut self) -> Result<Vec<Selection>, Problem> {
        self.expect('{')?;
        let mut selection = Vec::new();
        while !self.is('}') || selection.is_empty() {
            selection.push(self.selection()?);
        }
        self.expect('}')?;
        Ok(selection)
    }

    fn selection(&mut self) -> Result<Selection, Problem> {
        let pos = self.peek().pos;
        if self.peek().kind == TokenKind::Spread {
            self.advance();
            if let Some(word) = self.word()
                && word != "on"
            {
                let name = self.name()?;
                return Ok(Selection::Spread(Spread { name, directives: self.directives(Const::No)? }));
            }
            let on = if self.word() == Some("on") {
                self.advance();
                Some(self.name()?)
            } else {
                None
            };
            let directives = self.directives(Const::No)?;
            let selection = self.selection_set()?;
            return Ok(Selection::Inline(Inline { on, directives, selection, pos }));
        }
        let first = self.name()?;
        let (alias, name) = if self.eat(':') { (Some(first), self.name()?) } else { (None, first) };
        let arguments = self.arguments(Const::No)?;
        let directives = self.directives(Const::No)?;
        let selection = if self.is('{') { Some(self.selection_set()?) } else { None };
        Ok(Selection::Field(Field { alias, name, arguments, directives, selection }))
    }

    pub(super) fn value(&mut self, constant: Const) -> Result<Value, Problem> {
        let token = self.peek().clone();
        let pos = token.pos;
        let kind = match token.kind {
            TokenKind::Punct('$') if constant == Const::No => {
                self.advance();
                return Ok(Value { pos, kind: ValueKind::Variable(self.name()?.text) });
            }
            TokenKind::Punct('[') => {
                self.advance();
                let mut elements = Vec::new();
                while !self.eat(']') {
                    elements.push(self.value(constant)?);
                }
                return Ok(Value { pos, kind: ValueKind::List(elements) });
            }
            TokenKind::Punct('{') => {
                self.advance();
                let mut members = Vec::new();
                while !self.eat('}') {
                    let name = self.name()?;
                    self.expect(':')?;
                    members.push((name, self.value(constant)?));
                }
                return Ok(Value { pos, kind: ValueKind::Object(members) });
            }
            TokenKind::Int(digits) => ValueKind::Int(digits.into()),
            TokenKind::Float(digits) => ValueKind::Float(digits.into()),
            TokenKind::Text(text) => ValueKind::Text(text.into_owned()),
            TokenKind::Name("true") => ValueKind::Bool(true),
            TokenKind::Name("false") => ValueKind::Bool(false),
            TokenKind::Name("null") => ValueKind::Null,
            TokenKind::Name(name) => ValueKind::Enum(name.into()),
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(Value { pos, kind })
    }
}

/// Whether a value may hold variables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Const {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_the_specification_parse() {
        for text in [
            "{ a }",
            "query($a: [Int !]! = [1] @x) @d { a: b(c: $a, d: {e: null, f: [ENUM]}) @skip(if: true) { ...F ... on T { x } ... @include(if: $a) { y } } } fragment F on T { z }",
            "mutation M { on: query fragment: mutation type }",
            "query query { fragment }",
            "# c\nfragment on1 on #x\n T { a }",
        ] {
            parse(text).unwrap();
        }
    }

    #[test]
    fn what_is_no_document_is_refused_with_its_place() {
        for text in [
            "",
            "{ }",
            "{ a",
            "{ a() }",
            "query( { a }",
            "query() { a }",
            "{ ... on }",
            "fragment on on T { a }",
            "{ a(b: $c.d) }",
            "query($a: Int = $b) { a }",
            "type A { b: Int }",
            "{ a } }",
        ] {
            let problem = parse(text).unwrap_err();
            assert_eq!(problem.rule.as_deref(), Some("graphql/parse"), "{text}");
            assert!(problem.location.is_some(), "{text}");
        }
    }
}
