//! The grammar of filters and of PATCH paths: RFC 7644, figures 1 and 7. Precedence: `not`, then `and`, then `or`.
//!
//! Invariant: text of any kind ends in a filter or in `invalidFilter`; nesting and length are bounded.

use tenon_value::Json;

use super::filter::{AttributePath, Filter, Operator};

/// Bytes of a filter or path.
pub const FILTER_BYTES_MAX: usize = 8 * 1024;
/// Nested groups of a filter.
const DEPTH_MAX: u8 = 32;
/// Comparisons of a filter.
const TERMS_MAX: u16 = 200;

/// Where the text is no filter or path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at character {at}")]
pub(crate) struct ParseError {
    what: &'static str,
    at: usize,
}

/// The target of a PATCH operation: `members[value eq "1"]`, `emails[type eq "work"].value`, `name.familyName`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PatchPath {
    pub(crate) attribute: AttributePath,
    pub(crate) filter: Option<Filter>,
}

/// Reads a filter.
pub(crate) fn filter(text: &str) -> Result<Filter, ParseError> {
    let mut parser = Parser::new(text)?;
    let filter = parser.disjunction(0)?;
    parser.end()?;
    Ok(filter)
}

/// Reads a path.
pub(crate) fn path(text: &str) -> Result<PatchPath, ParseError> {
    let mut parser = Parser::new(text.trim())?;
    let mut attribute = parser.attribute()?;
    let mut filter = None;
    if parser.eat('[') {
        if attribute.sub.is_some() {
            return Err(parser.wrong("a filter stands behind the attribute itself"));
        }
        filter = Some(parser.disjunction(1)?);
        parser.expect(']')?;
        if parser.eat_here('.') {
            attribute.sub = Some(parser.word()?.to_owned());
        }
    }
    parser.end()?;
    Ok(PatchPath { attribute, filter })
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    terms: u16,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Self, ParseError> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(ParseError { what: "the text is too long", at: FILTER_BYTES_MAX });
        }
        Ok(Self { text, at: 0, terms: 0 })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, what: &'static str) -> ParseError {
        ParseError { what, at: self.text.get(..self.at).unwrap_or_default().chars().count() + 1 }
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    /// Takes a sign right here.
    fn eat_here(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn eat(&mut self, sign: char) -> bool {
        self.space();
        self.eat_here(sign)
    }

    fn expect(&mut self, sign: char) -> Result<(), ParseError> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(self.wrong(if sign == ')' { "a `)` is missing" } else { "a `]` is missing" }))
    }

    fn end(&mut self) -> Result<(), ParseError> {
        self.space();
        if self.rest().is_empty() { Ok(()) } else { Err(self.wrong("there is more than was understood")) }
    }

    /// The letters of a name: also of the URN before it.
    fn word(&mut self) -> Result<&'t str, ParseError> {
        let rest = self.rest();
        let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "_-$".contains(letter))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        if !word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '$') {
            return Err(self.wrong("the name of an attribute is expected"));
        }
        self.at += end;
        Ok(word)
    }

    /// Takes a keyword if it stands here as a whole word.
    fn keyword(&mut self, keyword: &str) -> bool {
        self.space();
        let rest = self.rest();
        let begins = rest.get(..keyword.len()).is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        let whole = rest.get(keyword.len()..).is_some_and(|more| more.is_empty() || more.starts_with([' ', '\t', '(']));
        if begins && whole {
            self.at += keyword.len();
        }
        begins && whole
    }

    fn disjunction(&mut self, depth: u8) -> Result<Filter, ParseError> {
        let mut filter = self.conjunction(depth)?;
        while self.keyword("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.conjunction(depth)?));
        }
        Ok(filter)
    }

    fn conjunction(&mut self, depth: u8) -> Result<Filter, ParseError> {
        let mut filter = self.term(depth)?;
        while self.keyword("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.term(depth)?));
        }
        Ok(filter)
    }

    fn term(&mut self, depth: u8) -> Result<Filter, ParseError> {
        self.terms += 1;
        if depth > DEPTH_MAX || self.terms > TERMS_MAX {
            return Err(self.wrong("the filter is too large"));
        }
        let before = self.at;
        if self.keyword("not") {
            if self.eat('(') {
                let inner = self.disjunction(depth + 1)?;
                self.expect(')')?;
                return Ok(Filter::Not(Box::new(inner)));
            }
            // An attribute may be called `not`.
            self.at = before;
        }
        if self.eat('(') {
            let inner = self.disjunction(depth + 1)?;
            self.expect(')')?;
            return Ok(inner);
        }
        self.space();
        let path = self.attribute()?;
        if self.eat_here('[') {
            let filter = Box::new(self.disjunction(depth + 1)?);
            self.expect(']')?;
            return self.after_element(path, filter);
        }
        self.comparison(path)
    }

    /// `emails[type eq "work"].value eq "x"` is not in the RFC's grammar, but clients write it: one element matches both.
    fn after_element(&mut self, path: AttributePath, filter: Box<Filter>) -> Result<Filter, ParseError> {
        if !self.eat_here('.') {
            return Ok(Filter::Element { path, filter });
        }
        let sub = AttributePath { schema: None, name: self.word()?.to_owned(), sub: None };
        let compared = Box::new(self.comparison(sub)?);
        Ok(Filter::Element { path, filter: Box::new(Filter::And(filter, compared)) })
    }

    fn comparison(&mut self, path: AttributePath) -> Result<Filter, ParseError> {
        if self.keyword("pr") {
            return Ok(Filter::Present(path));
        }
        let operators = [
            ("eq", Operator::Equal),
            ("ne", Operator::NotEqual),
            ("co", Operator::Contains),
            ("sw", Operator::StartsWith),
            ("ew", Operator::EndsWith),
            ("gt", Operator::Greater),
            ("ge", Operator::GreaterOrEqual),
            ("lt", Operator::Less),
            ("le", Operator::LessOrEqual),
        ];
        for (word, operator) in operators {
            if self.keyword(word) {
                let value = self.value()?;
                return Ok(Filter::Compare { path, operator, value });
            }
        }
        Err(self.wrong("an operator is expected"))
    }

    fn value(&mut self) -> Result<Json, ParseError> {
        self.space();
        let expected = "a value is expected: a text in quotation marks, a number, true, false or null";
        let rest = self.rest();
        if rest.starts_with('"') {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let text = values.next().and_then(Result::ok).ok_or_else(|| self.wrong(expected))?;
            self.at += values.byte_offset();
            return Ok(Json::String(text));
        }
        let end = rest.find([' ', '\t', ')', ']']).unwrap_or(rest.len());
        match rest.get(..end).and_then(|literal| serde_json::from_str(literal).ok()) {
            Some(value @ (Json::Null | Json::Bool(_) | Json::Number(_))) => {
                self.at += end;
                Ok(value)
            }
            _ => Err(self.wrong(expected)),
        }
    }

    fn attribute(&mut self) -> Result<AttributePath, ParseError> {
        let rest = self.rest();
        let mut schema = None;
        if rest.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("urn:")) {
            let end = rest.find([' ', '\t', '[', ')', '"']).unwrap_or(rest.len());
            let colon = rest.get(..end).and_then(|urn| urn.rfind(':')).unwrap_or_default();
            // `urn:…:2.0:User` alone names the whole extension.
            let is_whole =
                rest.get(colon + 1..end).is_some_and(|last| last.eq_ignore_ascii_case("User") || last.eq_ignore_ascii_case("Group"));
            let name_of_schema = if is_whole { rest.get(..end) } else { rest.get(..colon) };
            let name_of_schema = name_of_schema.unwrap_or_default().to_owned();
            if is_whole {
                self.at += end;
                return Ok(AttributePath { schema: None, name: name_of_schema, sub: None });
            }
            self.at += colon + 1;
            schema = Some(name_of_schema);
        }
        let name = self.word()?.to_owned();
        let sub = if self.eat_here('.') { Some(self.word()?.to_owned()) } else { None };
        Ok(AttributePath { schema, name, sub })
    }
}
