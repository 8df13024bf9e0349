//! What reading declarations and formulas share: the next token, and what has to stand where.

use super::error::{Position, VnnlibError, refused};
use super::query::{ElementType, Variable};
use super::tokens::{Kind, Token, Tokens};

/// Most parentheses in each other: what a thread has room for, several times over.
const MOST_NESTED: usize = 500;

/// What is declared, in either version.
pub(super) trait Names {
    /// Reads the variable that is next, and tells the type of its elements.
    fn variable(&self, parser: &mut Parser<'_>) -> Result<(Variable, ElementType), VnnlibError>;
}

#[derive(Debug)]
pub(super) struct Parser<'a> {
    tokens: Tokens<'a>,
    /// The next token, not yet taken.
    pub(super) next: Token<'a>,
    nested: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a [u8]) -> Result<Self, VnnlibError> {
        let mut tokens = Tokens::new(text);
        let next = tokens.next()?;
        Ok(Self { tokens, next, nested: 0 })
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Token<'a>, VnnlibError> {
        let following = match self.next.kind {
            Kind::End => self.next,
            _ => self.tokens.next()?,
        };
        Ok(std::mem::replace(&mut self.next, following))
    }

    /// That the next token is not what is expected.
    pub(super) fn unexpected(&self, expected: impl Into<String>) -> VnnlibError {
        refused(self.next.position, self.next.kind.to_string(), expected)
    }

    /// Takes a token that has to stand there.
    pub(super) fn expect(
        &mut self,
        kind: Kind<'_>,
        expected: &str,
    ) -> Result<Position, VnnlibError> {
        if self.next.kind != kind {
            return Err(self.unexpected(expected));
        }
        Ok(self.take()?.position)
    }

    pub(super) fn name(&mut self, expected: &str) -> Result<(&'a str, Position), VnnlibError> {
        let Kind::Name(name) = self.next.kind else { return Err(self.unexpected(expected)) };
        Ok((name, self.take()?.position))
    }

    /// Takes `(`, one level further down.
    pub(super) fn open(&mut self, expected: &str) -> Result<Position, VnnlibError> {
        let position = self.expect(Kind::Open, expected)?;
        self.nested += 1;
        if self.nested > MOST_NESTED {
            let found = format!("{} parentheses in each other", self.nested);
            return Err(refused(position, found, format!("at most {MOST_NESTED}")));
        }
        Ok(position)
    }

    /// Takes the `)` of the `(` at `opened`.
    pub(super) fn close(&mut self, opened: Position) -> Result<(), VnnlibError> {
        if self.next.kind != Kind::Close {
            return Err(self.unexpected(format!("')' for the '(' at {opened}")));
        }
        self.nested -= 1;
        self.take().map(|_| ())
    }

    /// Whether a list goes on: neither its end nor that of the file is next.
    pub(super) fn goes_on(&self) -> bool {
        !matches!(self.next.kind, Kind::Close | Kind::End)
    }

    /// Whole numbers between brackets, with their places.
    pub(super) fn brackets(
        &mut self,
        expected: &str,
    ) -> Result<Vec<(usize, Position)>, VnnlibError> {
        self.expect(Kind::OpenBracket, expected)?;
        let mut numbers = Vec::new();
        if self.next.kind == Kind::CloseBracket {
            self.take()?;
            return Ok(numbers);
        }
        loop {
            let expected = "a whole number, 0 or larger";
            let Kind::Number(text) = self.next.kind else { return Err(self.unexpected(expected)) };
            let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
            let Some(number) = text.parse().ok().filter(|_| is_whole) else {
                return Err(self.unexpected(expected));
            };
            numbers.push((number, self.take()?.position));
            match self.next.kind {
                Kind::Comma => self.take()?,
                Kind::CloseBracket => {
                    self.take()?;
                    return Ok(numbers);
                }
                _ => return Err(self.unexpected("',' or ']'")),
            };
        }
    }
}
