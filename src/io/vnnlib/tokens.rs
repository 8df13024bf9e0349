//! The tokens of a query, each with its place.

use std::fmt;

use super::error::{Position, VnnlibError, refused};
use crate::message::excerpt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    /// `+`, `-`, `*` and relations.
    Symbol(&'a str),
    /// What begins as a number does.
    Number(&'a str),
    /// Names of things and of commands.
    Name(&'a str),
    /// Between quotes.
    Quoted(&'a str),
    End,
}

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Open => "(",
            Self::Close => ")",
            Self::OpenBracket => "[",
            Self::CloseBracket => "]",
            Self::Comma => ",",
            Self::Symbol(text) | Self::Number(text) | Self::Name(text) => text,
            Self::Quoted(text) => return write!(f, "\"{}\"", excerpt(text)),
            Self::End => return f.write_str("the end of the file"),
        };
        write!(f, "'{}'", excerpt(text))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) position: Position,
}

/// Reads tokens off a text, front to back.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    /// Where the line begins; later by the bytes that begin no character.
    line_start: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        Self { text, at: 0, line: 1, line_start: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, VnnlibError> {
        self.skip_blanks();
        let position = self.position();
        let rest = &self.text[self.at..];
        let Some(&first) = rest.first() else {
            return Ok(Token { kind: Kind::End, position });
        };
        let begins_number = |at: usize| match rest.get(at) {
            Some(b'.') => rest.get(at + 1).is_some_and(u8::is_ascii_digit),
            next => next.is_some_and(u8::is_ascii_digit),
        };
        let kind = match first {
            b'(' => Kind::Open,
            b')' => Kind::Close,
            b'[' => Kind::OpenBracket,
            b']' => Kind::CloseBracket,
            b',' => Kind::Comma,
            b'"' => return self.quoted(position),
            b'<' | b'>' | b'=' | b'!' if rest.get(1) == Some(&b'=') => Kind::Symbol(ascii(rest, 2)),
            _ if begins_number(usize::from(first == b'-')) => {
                Kind::Number(ascii(rest, number_length(rest)))
            }
            b'<' | b'>' | b'=' | b'+' | b'-' | b'*' => Kind::Symbol(ascii(rest, 1)),
            b'a'..=b'z' | b'A'..=b'Z' => {
                let length = rest.iter().position(|&byte| !continues_name(byte));
                Kind::Name(ascii(rest, length.unwrap_or(rest.len())))
            }
            _ => return Err(self.no_token(position)),
        };
        self.at += match kind {
            Kind::Symbol(text) | Kind::Number(text) | Kind::Name(text) => text.len(),
            _ => 1,
        };
        Ok(Token { kind, position })
    }

    fn position(&self) -> Position {
        let column = u32::try_from(self.at - self.line_start).unwrap_or(u32::MAX);
        Position { line: self.line, column: column.saturating_add(1) }
    }

    /// Blanks and comments.
    fn skip_blanks(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.line = self.line.saturating_add(1);
                    self.line_start = self.at;
                }
                b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c' => self.at += 1,
                b';' => {
                    let end = self.text[self.at..].iter().position(|&byte| byte == b'\n');
                    self.at = end.map_or(self.text.len(), |end| self.at + end);
                }
                _ => return,
            }
        }
    }

    fn quoted(&mut self, position: Position) -> Result<Token<'a>, VnnlibError> {
        let rest = &self.text[self.at + 1..];
        let ends = |&byte: &u8| matches!(byte, b'"' | b'\n' | b'\\');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let expected = "a name between quotes";
        match rest.get(length) {
            Some(b'"') => {}
            Some(b'\\') => return Err(refused(position, "a name with a backslash", expected)),
            _ => return Err(refused(position, "a quote that no other one ends", expected)),
        }
        let Ok(text) = std::str::from_utf8(&rest[..length]) else {
            return Err(refused(position, "a name that is no UTF-8", expected));
        };
        self.at += length + 2;
        self.line_start += length - text.chars().count();
        Ok(Token { kind: Kind::Quoted(text), position })
    }

    fn no_token(&self, position: Position) -> VnnlibError {
        let rest = &self.text[self.at..];
        let start = &rest[..rest.len().min(LONGEST_CHARACTER)];
        let found = match start.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next())
        {
            Some(character) => format!("'{}'", character.escape_debug()),
            None => format!("the byte {:#04x}", rest[0]),
        };
        refused(
            position,
            found,
            "a parenthesis, a name, a number or one of + - * <= < >= > == = !=",
        )
    }
}

/// In bytes of UTF-8.
const LONGEST_CHARACTER: usize = 4;

fn ascii(bytes: &[u8], length: usize) -> &str {
    std::str::from_utf8(&bytes[..length]).expect("ASCII")
}

/// Keywords have hyphens, and so have names in figures of the standard.
fn continues_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Length of what begins as a number: with all that is no end of it, so that `0x1` is one wrong
/// number and not two words.
fn number_length(rest: &[u8]) -> usize {
    let continues = |pair: &[u8]| {
        let sign_of_power = matches!(pair, [b'e' | b'E', b'+' | b'-']);
        sign_of_power || pair[1].is_ascii_alphanumeric() || matches!(pair[1], b'.' | b'_')
    };
    1 + rest.windows(2).take_while(|pair| continues(pair)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(String, u32, u32)> {
        let mut tokens = Tokens::new(text.as_bytes());
        let mut found = Vec::new();
        loop {
            let Token { kind, position } = tokens.next().expect("a token");
            found.push((kind.to_string(), position.line, position.column));
            if kind == Kind::End {
                return found;
            }
        }
    }

    /// By hand.
    #[test]
    fn tokens_need_no_blanks_and_have_places() {
        let words = |text: &str| -> Vec<String> {
            tokens(text).into_iter().map(|(word, ..)| word.trim_matches('\'').to_string()).collect()
        };
        let end = "the end of the file";
        assert_eq!(words("(assert(<=X_0-1.5))")[..4], ["(", "assert", "(", "<="]);
        assert_eq!(words("X[0]-1.5"), ["X", "[", "0", "]", "-1.5", end]);
        assert_eq!(words("(-X_0 -.5 - 2.)"), ["(", "-", "X_0", "-.5", "-", "2.", ")", end]);
        assert_eq!(words("<2.0>=1e-05==1E+3"), ["<", "2.0", ">=", "1e-05", "==", "1E+3", end]);
        assert_eq!(words("0x1 1-2"), ["0x1", "1", "-2", end]);
        let expected = [("'a'", 1, 2), ("\"ä\"", 2, 1), ("']'", 2, 4), (end, 3, 3)];
        let found = tokens("\u{feff} a;)\n\"ä\"]\r\n; ");
        assert_eq!(found, expected.map(|(word, line, column)| (word.to_string(), line, column)));
    }

    #[test]
    fn what_is_no_token_is_quoted() {
        for (text, found) in [("∞", "'∞'"), ("\0", "'\\0'"), ("_", "'_'"), ("\"a", "a quote that")]
        {
            let error = Tokens::new(text.as_bytes()).next().expect_err("no token").to_string();
            assert!(error.starts_with(&format!("line 1, column 1: found {found}")), "{error}");
        }
        let error = Tokens::new(b"\xff").next().expect_err("no token").to_string();
        assert!(error.starts_with("line 1, column 1: found the byte 0xff; expected "), "{error}");
    }
}
