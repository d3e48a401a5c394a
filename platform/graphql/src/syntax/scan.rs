//! Document text → tokens, counting bytes, tokens and nesting before anything recursive sees them.

use std::borrow::Cow;

use tenon_diagnostics::Problem;

use super::ast::Pos;
use crate::limits;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind<'a> {
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    Punct(char),
    /// `...`.
    Spread,
    Name(&'a str),
    Int(&'a str),
    Float(&'a str),
    Text(Cow<'a, str>),
    End,
}

/// A token with its place.
#[derive(Clone, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind<'a>,
    pub(crate) pos: Pos,
}

/// A syntax error at a place.
pub(crate) fn syntax_error(pos: Pos, en: impl std::fmt::Display, zh: impl std::fmt::Display) -> Problem {
    Problem::invalid("graphql/parse", format!("Syntax Error: {en}"), format!("语法错误：{zh}")).located(pos.line, pos.column)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
}

/// How much text may be scanned: bytes, tokens.
#[derive(Clone, Copy)]
pub(crate) struct Bounds(usize, usize);

/// Of a document.
pub(crate) const DOCUMENT: Bounds = Bounds(limits::DOCUMENT_BYTES, limits::TOKENS);
/// Of the text of a schema, read by who compares two.
pub(crate) const SCHEMA: Bounds = Bounds(limits::SCHEMA_BYTES, limits::SCHEMA_BYTES);

/// The tokens of a text, the last is `End`.
///
/// # Errors
/// A limit that is passed, or a letter that begins no token.
pub(crate) fn scan(text: &str, Bounds(bytes, most): Bounds) -> Result<Vec<Token<'_>>, Problem> {
    if text.len() > bytes {
        return Err(Problem::exhausted("document_bytes", bytes as u64, text.len() as u64));
    }
    let mut scanner = Scanner { text, at: 0, line: 1, line_start: 0 };
    let mut tokens = Vec::with_capacity(text.len() / 4 + 1);
    let mut nesting = 0_usize;
    loop {
        let token = scanner.next()?;
        match token.kind {
            TokenKind::Punct('{' | '[' | '(') => nesting += 1,
            TokenKind::Punct('}' | ']' | ')') => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        if nesting > limits::NESTING {
            return Err(Problem::exhausted("nesting", limits::NESTING as u64, nesting as u64).located(token.pos.line, token.pos.column));
        }
        if tokens.len() > most {
            return Err(Problem::exhausted("tokens", most as u64, tokens.len() as u64).located(token.pos.line, token.pos.column));
        }
        let end = token.kind == TokenKind::End;
        tokens.push(token);
        if end {
            return Ok(tokens);
        }
    }
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn pos(&self) -> Pos {
        let column = self.text.get(self.line_start..self.at).map_or(0, |line| line.chars().count());
        Pos { line: self.line, column: u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1) }
    }

    fn newline(&mut self) {
        self.line += 1;
        self.line_start = self.at;
    }

    fn skip_ignored(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b',' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.newline();
                }
                b'\r' => {
                    self.at += if self.text.as_bytes().get(self.at + 1) == Some(&b'\n') { 2 } else { 1 };
                    self.newline();
                }
                b'#' => {
                    let length = self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
                    self.at += length;
                }
                _ if self.rest().starts_with('\u{feff}') => self.at += 3,
                _ => return,
            }
        }
    }

    fn next(&mut self) -> Result<Token<'a>, Problem> {
        self.skip_ignored();
        let pos = self.pos();
        let Some(byte) = self.peek() else { return Ok(Token { kind: TokenKind::End, pos }) };
        let kind = match byte {
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => {
                self.at += 1;
                TokenKind::Punct(char::from(byte))
            }
            b'.' if self.rest().starts_with("...") => {
                self.at += 3;
                TokenKind::Spread
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let rest = self.rest();
                let length = rest.bytes().position(|byte| !(byte == b'_' || byte.is_ascii_alphanumeric())).unwrap_or(rest.len());
                self.at += length;
                TokenKind::Name(rest.get(..length).unwrap_or_default())
            }
            b'-' | b'0'..=b'9' => self.number(pos)?,
            b'"' if self.rest().starts_with("\"\"\"") => self.block(pos)?,
            b'"' => self.string(pos)?,
            _ => {
                let letter = self.rest().chars().next().unwrap_or_default();
                return Err(syntax_error(pos, format!("unexpected character {letter:?}"), format!("意外的字符 {letter:?}")));
            }
        };
        Ok(Token { kind, pos })
    }

    fn digits(&mut self) -> usize {
        let length = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += length;
        length
    }

    fn number(&mut self, pos: Pos) -> Result<TokenKind<'a>, Problem> {
        let start = self.at;
        let wrong = || syntax_error(pos, "malformed number", "数字格式不对");
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (zero && whole > 1) {
            return Err(wrong());
        }
        let mut float = false;
        if self.peek() == Some(b'.') {
            float = true;
            self.at += 1;
            if self.digits() == 0 {
                return Err(wrong());
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            float = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(wrong());
            }
        }
        if matches!(self.peek(), Some(b'.' | b'_' | b'a'..=b'z' | b'A'..=b'Z')) {
            return Err(wrong());
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        Ok(if float { TokenKind::Float(digits) } else { TokenKind::Int(digits) })
    }

    fn string(&mut self, pos: Pos) -> Result<TokenKind<'a>, Problem> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        loop {
            let Some(letter) = self.rest().chars().next() else {
                return Err(syntax_error(pos, "unterminated string", "字符串没有结束"));
            };
            match letter {
                '"' => {
                    let plain = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(TokenKind::Text(owned.map_or(Cow::Borrowed(plain), Cow::Owned)));
                }
                '\n' | '\r' => return Err(syntax_error(pos, "unterminated string", "字符串没有结束")),
                '\\' => {
                    let buffer = owned.get_or_insert_with(|| self.text.get(start..self.at).unwrap_or_default().to_owned());
                    let (decoded, length) = escape(self.text.get(self.at..).unwrap_or_default())
                        .ok_or_else(|| syntax_error(pos, "invalid escape sequence in a string", "字符串中的转义无效"))?;
                    buffer.push(decoded);
                    self.at += length;
                }
                other => {
                    if let Some(buffer) = &mut owned {
                        buffer.push(other);
                    }
                    self.at += other.len_utf8();
                }
            }
        }
    }

    fn block(&mut self, pos: Pos) -> Result<TokenKind<'a>, Problem> {
        self.at += 3;
        let mut raw = String::new();
        loop {
            let rest = self.rest();
            let Some(letter) = rest.chars().next() else { return Err(syntax_error(pos, "unterminated string", "字符串没有结束")) };
            if rest.starts_with("\"\"\"") {
                self.at += 3;
                return Ok(TokenKind::Text(Cow::Owned(dedent(&raw))));
            }
            if rest.starts_with("\\\"\"\"") {
                raw.push_str("\"\"\"");
                self.at += 4;
                continue;
            }
            self.at += letter.len_utf8();
            match letter {
                '\r' => {
                    if self.peek() == Some(b'\n') {
                        self.at += 1;
                    }
                    raw.push('\n');
                    self.newline();
                }
                '\n' => {
                    raw.push('\n');
                    self.newline();
                }
                other => raw.push(other),
            }
        }
    }
}

/// One escape sequence at the head of `text`: its letter, and how many bytes it took.
fn escape(text: &str) -> Option<(char, usize)> {
    let simple = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' if text.as_bytes().get(2) == Some(&b'{') => {
            let end = text.find('}')?;
            let digits = text.get(3..end).filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            return Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, end + 1));
        }
        b'u' => {
            let high = four_hex(text.get(2..6)?)?;
            if !(0xD800..0xDC00).contains(&high) {
                return Some((char::from_u32(high)?, 6));
            }
            let low = text.get(6..12)?.strip_prefix("\\u").and_then(four_hex).filter(|low| (0xDC00..0xE000).contains(low))?;
            return Some((char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))?, 12));
        }
        _ => return None,
    };
    Some((simple, 2))
}

fn four_hex(digits: &str) -> Option<u32> {
    if digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// The value of a block string: common indentation and blank first and last lines removed (specification §2.9.4).
fn dedent(raw: &str) -> String {
    let indent_of = |line: &str| line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let lines: Vec<&str> = raw.split('\n').collect();
    let common = lines.iter().skip(1).filter(|line| indent_of(line) < line.len()).map(|line| indent_of(line)).min().unwrap_or(0);
    let trimmed: Vec<&str> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| if at == 0 { line } else { line.get(common.min(line.len())..).unwrap_or_default() })
        .collect();
    let blank = |line: &&str| indent_of(line) == line.len();
    let first = trimmed.iter().position(|line| !blank(line)).unwrap_or(trimmed.len());
    let last = trimmed.iter().rposition(|line| !blank(line)).map_or(first, |last| last + 1);
    trimmed.get(first..last).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind<'_>> {
        scan(text, DOCUMENT).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn strings_are_decoded() {
        assert_eq!(kinds(r#""a\n\u4E2D\uD83D\uDE00\u{1F600}""#)[0], TokenKind::Text("a\n中😀😀".into()));
        assert_eq!(kinds("\"\"\"\n    one\n      two\n  \"\"\"")[0], TokenKind::Text("one\n  two".into()));
        for wrong in [r#""\uD800""#, r#""\x""#, "\"open", "\"a\nb\"", "01", "1.", "1e", "1a", "..", "?"] {
            assert!(scan(wrong, DOCUMENT).is_err(), "{wrong}");
        }
    }

    #[test]
    fn places_count_from_one() {
        let tokens = scan("{\n  中 ", DOCUMENT).unwrap_err();
        assert_eq!(tokens.location, Some((2, 3)));
    }

    #[test]
    fn limits_hold_before_parsing() {
        assert_eq!(scan(&"{".repeat(4000), DOCUMENT).unwrap_err().limit, Some("nesting"));
        assert_eq!(scan(&"a ".repeat(10_001), DOCUMENT).unwrap_err().limit, Some("tokens"));
        assert_eq!(scan(&" ".repeat(65_537), DOCUMENT).unwrap_err().limit, Some("document_bytes"));
    }
}
