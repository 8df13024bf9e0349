//! The text form of questions.
//!
//! ```text
//! condition  = conjunct {"or" conjunct}
//! conjunct   = chain {"and" chain}
//! chain      = sum {("<=" | ">=" | "=") sum}        (all of them "<=", all of them ">=", or one)
//! sum        = product {("+" | "-") product}
//! product    = factor {("*" | "/") factor}          (no sign between a number and what follows)
//! factor     = ("+" | "-") factor | number | variable | function "(" condition {"," condition} ")"
//!            | "(" condition ")" | "[" sum {"," sum} "]"
//! ```
//! An objective is a sum, a constraint a condition. What a variable is called: [`Vocabulary`]; a
//! name of the file that is no word stands in double quotes, `"fuel flow"`, and a quote in it is
//! written twice. `x`, `y` and ranges such as `x[0:3]` (the end is not in it) are lists. Functions:
//! `abs relu max min sum dist1 distinf`, and `argmax( ) ==` or `!=` an index, where ties count.
//! Every condition is a closed set; what is not piecewise linear is refused.

use thiserror::Error;

use super::expression::{Expression, Variable};
use super::functions::Function;
use super::value::{Condition, Value};
use super::vocabulary::Vocabulary;
use super::words::{Bracket, Kind, Relation, Token, tokenize};
use super::{Constraint, ProblemError, Question, QuestionText};
use crate::network::Network;

/// How deeply brackets and signs may be nested.
const MOST_NESTED: usize = 64;

/// What is wrong with the text of an expression, and where.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("'{text}', column {column}: {what}")]
pub struct ExpressionError {
    /// The whole text.
    pub text: String,
    /// Position of the trouble, in characters, from 1.
    pub column: usize,
    /// What was found and what was expected.
    pub what: String,
}

impl QuestionText {
    /// Reads objective and constraints in the words of a network.
    ///
    /// # Errors
    /// Text that cannot be read, with the place; no objective where none is obvious.
    pub fn parse(&self, network: &Network) -> Result<Question, ProblemError> {
        let vocabulary = Vocabulary::of(network);
        let objective = match (&self.objective, network.outputs()) {
            (Some(text), _) => vocabulary.expression(text).map_err(ProblemError::Objective)?,
            (None, 1) => Expression::new([(Variable::Output(0), 1.0)], 0.0),
            (None, outputs) => return Err(ProblemError::NoObjective { outputs }),
        };
        let mut constraints = Vec::new();
        for text in &self.constraints {
            constraints.extend(vocabulary.constraints(text).map_err(ProblemError::Constraint)?);
        }
        let (integer, reference) = (self.integer.clone(), self.reference.clone());
        Ok(Question { sense: self.sense, objective, constraints, integer, reference })
    }
}

impl Vocabulary<'_> {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`ExpressionError`], with the place.
    pub fn expression(&self, text: &str) -> Result<Expression, ExpressionError> {
        let mut parser = Parser::new(text, *self)?;
        let value = parser.sum()?;
        if let Some(token) = parser.next() {
            return Err(parser.error(&token, "an expression without a relation"));
        }
        let expression = match value {
            Value::Number(expression) => expression,
            other => {
                let what = format!("found {}, expected one number, such as y0 - y1", other.noun());
                return Err(parser.error_at(1, what));
            }
        };
        match expression.numbers().iter().all(|number| number.is_finite()) {
            true => Ok(expression),
            false => Err(parser.error_at(1, TOO_LARGE.to_string())),
        }
    }

    /// Reads a constraint: the linear constraints, and those that bend, which hold together
    /// exactly where it does. Each is shown as the whole of it was written.
    ///
    /// # Errors
    /// [`ExpressionError`], with the place.
    pub fn constraints(&self, text: &str) -> Result<Vec<Constraint>, ExpressionError> {
        let mut parser = Parser::new(text, *self)?;
        let value = parser.condition()?;
        if let Some(token) = parser.next() {
            return Err(parser.error(&token, "the end of the constraint"));
        }
        let Value::Condition(condition) = value else {
            return Err(parser.end_error("<=, >= or ="));
        };
        for (expression, limits) in condition.expressions() {
            let numbers = expression.numbers();
            let limits = limits.map(|limit| limit - expression.constant());
            if numbers.iter().any(|number| !number.is_finite())
                || limits.iter().any(|limit| limit.is_nan())
                || [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]].contains(&limits)
            {
                return Err(parser.error_at(1, TOO_LARGE.to_string()));
            }
            if expression.is_constant() {
                let what = "no variable is left; expected a constraint on x or y";
                return Err(parser.error_at(1, what.to_string()));
            }
        }
        let constraints = condition.constraints().into_iter();
        Ok(constraints.map(|constraint| constraint.with_text(text.trim())).collect())
    }
}

const TOO_LARGE: &str = "its numbers add up to more than 1.8e308";

struct Parser<'a> {
    text: &'a str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    vocabulary: Vocabulary<'a>,
    nested: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, vocabulary: Vocabulary<'a>) -> Result<Self, ExpressionError> {
        let tokens = tokenize(text).map_err(|(column, what)| ExpressionError {
            text: text.to_string(),
            column,
            what,
        })?;
        Ok(Self { text, tokens: tokens.into_iter().peekable(), vocabulary, nested: 0 })
    }

    fn next(&mut self) -> Option<Token> {
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

    fn error_at(&self, column: usize, what: String) -> ExpressionError {
        ExpressionError { text: self.text.to_string(), column, what }
    }

    fn error(&self, found: &Token, expected: &str) -> ExpressionError {
        self.error_at(found.column, format!("found '{}', expected {expected}", found.text))
    }

    fn end_error(&self, expected: &str) -> ExpressionError {
        let what = format!("the text ends; expected {expected}");
        self.error_at(self.text.chars().count() + 1, what)
    }

    fn unexpected(&mut self, expected: &str) -> ExpressionError {
        match self.next() {
            Some(token) => self.error(&token, expected),
            None => self.end_error(expected),
        }
    }

    fn condition(&mut self) -> Result<Value, ExpressionError> {
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

    fn sum(&mut self) -> Result<Value, ExpressionError> {
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
        let number = |variable| Value::Number(Expression::new([(variable, 1.0)], 0.0));
        let found = match &token.kind {
            Kind::Quoted(name) => self.vocabulary.variable_of_name(name).map(number),
            _ => match self.vocabulary.list(&token.text) {
                Some(list) => list.map(|list| {
                    Value::List(
                        list.into_iter()
                            .map(|variable| Expression::new([(variable, 1.0)], 0.0))
                            .collect(),
                    )
                }),
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

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Vocabulary =
        Vocabulary { inputs: 3, outputs: 1, input_names: &[], output_names: &[] };

    /// The one constraint that a text is.
    fn one(text: &str) -> Constraint {
        let constraints = PLAIN.constraints(text).unwrap();
        assert_eq!(constraints.len(), 1, "{text}");
        constraints[0].clone()
    }

    fn refusal(text: &str) -> String {
        PLAIN.constraints(text).unwrap_err().to_string()
    }

    fn message(text: &str) -> String {
        PLAIN.expression(text).unwrap_err().to_string()
    }

    #[test]
    fn expressions_are_read() {
        let expression = PLAIN.expression("y0 - 2 x1 + 0.5*x0 - 1e-3 + 2x1 + 3").unwrap();
        let expected = [(Variable::Input(0), 0.5), (Variable::Output(0), 1.0)];
        assert_eq!(expression, Expression::new(expected, 2.999));
        assert_eq!(expression.evaluate(&[2.0, 9.0, 9.0], &[10.0]), 13.999);
        assert_eq!(expression.to_string(), "0.5 x0 + y0 + 2.999");
        assert_eq!(PLAIN.expression("-x2").unwrap().to_string(), "-x2");
        // Signs in front of numbers that names follow.
        assert_eq!(PLAIN.expression(" + 1.5 y0 - 5.75").unwrap().to_string(), "1.5 y0 - 5.75");
        assert_eq!(PLAIN.expression("-2 x0 * -3 - (-4 y0)").unwrap().to_string(), "6 x0 + 4 y0");
        assert_eq!(PLAIN.expression("-1/2 (x0 + 4)").unwrap().to_string(), "-0.5 x0 - 2");
        let set = PLAIN.expression("x0*2 \u{2212} 3\u{b7}X_1 + y").unwrap();
        assert_eq!(set, PLAIN.expression("2 x[0] - 3 x1 + y0").unwrap());
    }

    #[test]
    fn constraints_are_read() {
        let constraint = one("x0 + 1 <= 2 x1");
        assert_eq!(constraint.upper(), -1.0);
        assert_eq!(constraint.lower(), f64::NEG_INFINITY);
        let set = one("x0 \u{2264} 1");
        assert_eq!((set.lower(), set.upper()), (f64::NEG_INFINITY, 1.0));
        let both = one("-1 <= y0 - x0 <= 2");
        assert_eq!((both.lower(), both.upper()), (-1.0, 2.0));
        assert_eq!(one("4 >= x0 >= 2").lower(), 2.0);
        // By hand: 3 exceeds the upper bound 2 by 1, relative to 1 + 2.
        let at = |y: f64| both.excess(both.expression().evaluate(&[0.0; 3], &[y]));
        assert_eq!((at(3.0), at(1.0)), (Some((1.0, 2.0)), None));
    }

    #[test]
    fn names_of_the_file_are_understood() {
        let names = [String::from("pressure"), String::from("heat")];
        let vocabulary =
            Vocabulary { inputs: 2, outputs: 1, input_names: &names, output_names: &[] };
        let expression = vocabulary.expression("2 heat + x0").unwrap();
        assert_eq!(expression.to_string(), "x0 + 2 x1");
    }

    /// Names that are no words, are those of other variables, or of two.
    #[test]
    fn names_in_quotes_are_names_and_nothing_else() {
        let list = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<String>>();
        let inputs = list(&["fuel flow", "6\" pipe", "x0", "größe", "", "price"]);
        let outputs = list(&["price", "x1 x2"]);
        let vocabulary =
            Vocabulary { inputs: 6, outputs: 2, input_names: &inputs, output_names: &outputs };
        let read = |text: &str| {
            vocabulary.expression(text).map(|e| e.to_string()).map_err(|e| e.to_string())
        };
        assert_eq!(read("2 \"fuel flow\" - größe"), Ok("2 x0 - x3".into()));
        assert_eq!(read("2*\"6\"\" pipe\" + \"x1 x2\""), Ok("2 x1 + y1".into()));
        assert_eq!(read("\"x0\" * 3 + x[4]"), Ok("3 x2 + x4".into()));
        let twice = read("\"price\"").unwrap_err();
        assert!(twice.contains("'price' is the name of x[5] and of y0"), "{twice}");
        let unknown = read("\"x1\"").unwrap_err();
        assert!(unknown.contains("unknown variable 'x1'"), "{unknown}");
        assert!(read("\"\"").unwrap_err().contains("unknown variable ''"));
        let open = read("y1 + \"fuel").unwrap_err();
        assert!(open.contains("column 6: a quote that begins"), "{open}");
        for (index, name) in inputs.iter().enumerate().filter(|(index, _)| ![4, 5].contains(index))
        {
            let expression = Expression::new([(Variable::Input(index), 1.0)], 0.0);
            let words = vocabulary.words(&expression);
            assert_eq!(words.trim_matches('"').replace("\"\"", "\""), *name);
            assert_eq!(vocabulary.expression(&words), Ok(expression));
        }
    }

    #[test]
    fn errors_name_the_place_and_what_was_expected() {
        assert_eq!(message("y0 + y3"), "'y0 + y3', column 6: y3: the network has 1 output, y0");
        assert_eq!(message("x3"), "'x3', column 1: x3: the network has 3 inputs, x0 to x2");
        assert_eq!(
            message("z"),
            "'z', column 1: unknown variable 'z'; the network has 3 inputs, x0 to x2, and 1 output, y0"
        );
        assert_eq!(
            message("2 *"),
            "'2 *', column 4: the text ends; expected a number or a variable"
        );
        assert!(message("").contains("the text ends; expected a number or a variable"));
        assert!(message("y0 <= 1").contains("column 4: found '<='"));
        assert!(message("1e999").contains("too large"));
        assert!(message("1.2.3").contains("'1.2.3' is not a number"));
        assert!(message("y0 * x1").contains("column 4: a product of two variables is not"));
        let strict = refusal("x0 < 1");
        assert!(strict.contains("a strict relation; use <="), "{strict}");
        assert!(refusal("1 <= 2").contains("no variable"));
        assert!(PLAIN.constraints("x0 - x0 <= 2").is_err());
        assert!(PLAIN.constraints("1 <= x0 >= 2").is_err());
        let crossed = refusal("2 <= x0 <= 1");
        assert_eq!(crossed, "'2 <= x0 <= 1', column 1: no number is at least 2 and at most 1");
        assert!(PLAIN.constraints("1 >= x0 >= 2").is_err());
    }
}
