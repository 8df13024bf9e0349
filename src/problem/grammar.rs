//! The rules of the language of questions, a function each.

use super::ExpressionError;
use super::expression::{Expression, Variable};
use super::functions::Function;
use super::value::{Condition, Value};
use super::vocabulary::Vocabulary;
use super::words::{Bracket, Kind, Relation, Token, tokenize};

/// How deeply brackets and signs may be nested.
const MOST_NESTED: usize = 64;

/// Reads a text, rule by rule of the grammar at the head of `parser.rs`.
pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    vocabulary: Vocabulary<'a>,
    nested: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, vocabulary: Vocabulary<'a>) -> Result<Self, ExpressionError> {
        let tokens = tokenize(text).map_err(|(column, what)| ExpressionError {
            text: text.to_string(),
            column,
            what,
        })?;
        Ok(Self { text, tokens: tokens.into_iter().peekable(), vocabulary, nested: 0 })
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.tokens.next()
    }

    fn next_if(&mut self, kind: &Kind) -> Option<Token> {
        self.tokens.next_if(|token| token.kind == *kind)
    }

    /// Takes a word that stands between conditions.
    fn takes_word(&mut self, word: &str) -> bool {
        let is_word = |token: &Token| matches!(&token.kind, Kind::Name(name) if name == word);
        self.tokens.next_if(is_word).is_some()
    }

    /// The column of what comes next.
    fn column(&mut self) -> usize {
        let end = self.text.chars().count() + 1;
        self.tokens.peek().map_or(end, |token| token.column)
    }

    pub(super) fn error_at(&self, column: usize, what: String) -> ExpressionError {
        ExpressionError { text: self.text.to_string(), column, what }
    }

    pub(super) fn error(&self, found: &Token, expected: &str) -> ExpressionError {
        self.error_at(found.column, format!("found '{}', expected {expected}", found.text))
    }

    pub(super) fn end_error(&self, expected: &str) -> ExpressionError {
        let what = format!("the text ends; expected {expected}");
        self.error_at(self.text.chars().count() + 1, what)
    }

    fn unexpected(&mut self, expected: &str) -> ExpressionError {
        match self.next() {
            Some(token) => self.error(&token, expected),
            None => self.end_error(expected),
        }
    }

    pub(super) fn condition(&mut self) -> Result<Value, ExpressionError> {
        self.joined("or", Self::conjunct, Condition::or)
    }

    fn conjunct(&mut self) -> Result<Value, ExpressionError> {
        self.joined("and", Self::chain, Condition::and)
    }

    /// What `part` reads, and the conditions that a word joins to it.
    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Value, ExpressionError>,
        join: fn(Condition, Condition) -> Condition,
    ) -> Result<Value, ExpressionError> {
        let mut column = self.column();
        let mut value = part(self)?;
        while self.takes_word(word) {
            let first = self.of_condition(value, column)?;
            column = self.column();
            let next = part(self)?;
            let second = self.of_condition(next, column)?;
            value = Value::Condition(join(first, second));
        }
        Ok(value)
    }

    fn of_condition(&self, value: Value, column: usize) -> Result<Condition, ExpressionError> {
        match value {
            Value::Condition(condition) => Ok(condition),
            other => {
                let what = format!("found {}, expected a condition, such as y0 <= 1", other.noun());
                Err(self.error_at(column, what))
            }
        }
    }

    fn chain(&mut self) -> Result<Value, ExpressionError> {
        let column = self.column();
        let first = self.sum()?;
        let Some((relation, token)) = self.relation() else { return Ok(first) };
        let column_of_second = self.column();
        let second = self.sum()?;
        if let Value::Place(list) = first {
            return self.place(list, relation, second, &token).map(Value::Condition);
        }
        if relation == Relation::NotEqual {
            let what = "found '!=', which leaves out single values and no more; expected <=, >= or \
                        =, or argmax( ) on its left";
            return Err(self.error_at(token.column, what.to_string()));
        }
        let mut sides = vec![self.number(first, column)?, self.number(second, column_of_second)?];
        while let Some((next, token)) = self.relation() {
            if next != relation || relation == Relation::Equal {
                return Err(self.error(&token, "the end of the constraint"));
            }
            let column = self.column();
            let side = self.sum()?;
            sides.push(self.number(side, column)?);
        }
        self.between(relation, sides, column).map(Value::Condition)
    }

    fn relation(&mut self) -> Option<(Relation, Token)> {
        match self.tokens.peek()?.kind {
            Kind::Relation(relation) => Some((relation, self.next()?)),
            _ => None,
        }
    }

    fn number(&self, value: Value, column: usize) -> Result<Expression, ExpressionError> {
        match value {
            Value::Number(expression) => Ok(expression),
            other => {
                let what = format!("found {}, expected a number to compare", other.noun());
                Err(self.error_at(column, what))
            }
        }
    }

    /// Each side at most the next, or the two of them equal.
    fn between(
        &self,
        relation: Relation,
        sides: Vec<Expression>,
        column: usize,
    ) -> Result<Condition, ExpressionError> {
        if let [first, middle, last] = sides.as_slice()
            && first.is_constant()
            && last.is_constant()
        {
            let (first, last) = (first.constant(), last.constant());
            let (low, high) =
                if relation == Relation::AtLeast { (last, first) } else { (first, last) };
            if low > high {
                let what = format!("no number is at least {low} and at most {high}");
                return Err(self.error_at(column, what));
            }
            return Ok(Condition::Between(middle.clone(), low, high));
        }
        let (lower, upper) = match relation {
            Relation::AtMost => (f64::NEG_INFINITY, 0.0),
            Relation::AtLeast => (0.0, f64::INFINITY),
            Relation::Equal | Relation::NotEqual => (0.0, 0.0),
        };
        let pairs = sides
            .windows(2)
            .map(|pair| Condition::Between(pair[0].clone().minus(pair[1].clone()), lower, upper));
        Ok(pairs.reduce(Condition::and).expect("two sides"))
    }

    /// `argmax(list) == index`, or `!=`.
    fn place(
        &self,
        list: Vec<Expression>,
        relation: Relation,
        index: Value,
        token: &Token,
    ) -> Result<Condition, ExpressionError> {
        let found = match &index {
            Value::Number(number) if number.is_constant() => Some(number.constant()),
            _ => None,
        };
        let place = (0..list.len()).find(|&place| found == Some(place as f64));
        let Some(place) = place else {
            let last = list.len().saturating_sub(1);
            let what = format!("argmax is compared with a whole number, 0 to {last}");
            return Err(self.error_at(token.column, what));
        };
        let is_least = matches!(relation, Relation::Equal);
        if !is_least && relation != Relation::NotEqual {
            return Err(self.error(token, "== or != behind argmax( )"));
        }
        let others = (0..list.len()).filter(|&other| other != place).map(|other| {
            let (low, high) = if is_least { (other, place) } else { (place, other) };
            Condition::at_most_zero(list[low].clone().minus(list[high].clone()))
        });
        let joined = others.reduce(if is_least { Condition::and } else { Condition::or });
        joined.ok_or_else(|| {
            self.error_at(token.column, "argmax of a single number is always 0".to_string())
        })
    }

    pub(super) fn sum(&mut self) -> Result<Value, ExpressionError> {
        let mut sum = self.product()?;
        loop {
            let (sign, token) = match self.tokens.peek().map(|token| &token.kind) {
                Some(Kind::Plus) => (1.0, self.next()),
                Some(Kind::Minus) => (-1.0, self.next()),
                _ => return Ok(sum),
            };
            let column = token.map_or(1, |token| token.column);
            let next = self.product()?;
            let of_two = |a: Expression, b: Expression| Ok(a.plus(b.times(sign)));
            sum = sum.with(next, of_two).map_err(|what| self.error_at(column, what))?;
        }
    }

    fn product(&mut self) -> Result<Value, ExpressionError> {
        let (mut product, mut ends_in_number) = self.factor()?;
        loop {
            let next = self.tokens.peek().map(|token| &token.kind);
            // `2 y0`, `2 (y0 + y1)`.
            let follows = ends_in_number
                && match next {
                    Some(Kind::Quoted(_) | Kind::Open(Bracket::Round)) => true,
                    Some(Kind::Name(name)) => name != "and" && name != "or",
                    _ => false,
                };
            let is_product = next == Some(&Kind::Times);
            if !follows && !is_product && next != Some(&Kind::Over) {
                return Ok(product);
            }
            let column = self.column();
            if !follows {
                self.next();
            }
            let (factor, ends) = self.factor()?;
            let of_two = if follows || is_product { times } else { over };
            product = product.with(factor, of_two).map_err(|what| self.error_at(column, what))?;
            ends_in_number = ends;
        }
    }

    /// A factor, and whether it is a number that a name may follow.
    fn factor(&mut self) -> Result<(Value, bool), ExpressionError> {
        const EXPECTED: &str = "a number or a variable";
        self.nested += 1;
        if self.nested > MOST_NESTED {
            let column = self.column();
            return Err(self.error_at(column, format!("nested more than {MOST_NESTED} deep")));
        }
        let token = self.next().ok_or_else(|| self.end_error(EXPECTED))?;
        let mut ends_in_number = false;
        let value = match &token.kind {
            Kind::Plus | Kind::Minus => {
                let sign = if token.kind == Kind::Plus { 1.0 } else { -1.0 };
                let (factor, ends) = self.factor()?;
                ends_in_number = ends;
                let sign = Value::Number(Expression::number(sign));
                factor.with(sign, times).map_err(|what| self.error_at(token.column, what))?
            }
            Kind::Number(value) => {
                ends_in_number = true;
                Value::Number(Expression::number(*value))
            }
            Kind::Name(_) if self.next_if(&Kind::Open(Bracket::Round)).is_some() => {
                self.call(&token)?
            }
            Kind::Name(_) | Kind::Quoted(_) => self.variable(&token)?,
            Kind::Open(Bracket::Round) => {
                let mut inside = self.list(Bracket::Round)?;
                match (inside.pop(), inside.is_empty()) {
                    (Some(value), true) => value,
                    _ => return Err(self.error(&token, "one value in the brackets")),
                }
            }
            Kind::Open(Bracket::Square) => {
                let list = self.list(Bracket::Square)?.into_iter();
                let numbers = list.map(|value| self.number(value, token.column));
                Value::List(numbers.collect::<Result<_, _>>()?)
            }
            _ => return Err(self.error(&token, EXPECTED)),
        };
        self.nested -= 1;
        Ok((value, ends_in_number))
    }

    /// What stands between brackets, the opening one of which was read.
    fn list(&mut self, bracket: Bracket) -> Result<Vec<Value>, ExpressionError> {
        let mut list = vec![self.condition()?];
        while self.next_if(&Kind::Comma).is_some() {
            list.push(self.condition()?);
        }
        match self.next_if(&Kind::Close(bracket)) {
            Some(_) => Ok(list),
            None => Err(self.unexpected(&format!("'{}'", bracket.closing()))),
        }
    }

    fn call(&mut self, name: &Token) -> Result<Value, ExpressionError> {
        let arguments = self.list(Bracket::Round)?;
        let Some(function) = Function::named(&name.text) else {
            let (found, known) = (&name.text, Function::names());
            let what =
                format!("unknown function '{found}'; those that are piecewise linear: {known}");
            return Err(self.error_at(name.column, what));
        };
        function.apply(arguments).map_err(|what| self.error_at(name.column, what))
    }

    fn variable(&self, token: &Token) -> Result<Value, ExpressionError> {
        let number = |variable: Variable| Value::Number(variable.into());
        let found = match &token.kind {
            Kind::Quoted(name) => self.vocabulary.variable_of_name(name).map(number),
            _ => match self.vocabulary.list(&token.text) {
                Some(list) => {
                    list.map(|list| Value::List(list.into_iter().map(Expression::from).collect()))
                }
                None => self.vocabulary.variable(&token.text).map(number),
            },
        };
        found.map_err(|what| self.error_at(token.column, what))
    }
}

fn times(a: Expression, b: Expression) -> Result<Expression, String> {
    match (a.is_constant(), b.is_constant()) {
        (true, _) => Ok(b.times(a.constant())),
        (_, true) => Ok(a.times(b.constant())),
        (false, false) => {
            Err("a product of two variables is not piecewise linear; one factor has \
                               to be a number"
                .to_string())
        }
    }
}

fn over(a: Expression, b: Expression) -> Result<Expression, String> {
    match (b.is_constant(), b.constant() == 0.0) {
        (true, true) => Err("a division by 0".to_string()),
        // Each coefficient is rounded once.
        (true, false) => Ok(a.divided(b.constant())),
        (false, _) => Err(
            "a number over a variable is not piecewise linear; expected a number below the line"
                .to_string(),
        ),
    }
}
