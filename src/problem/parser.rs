//! The text form of expressions and constraints.
//!
//! ```text
//! expression = ["+" | "-"] term {("+" | "-") term}
//! term       = number ["*"] variable | variable ["*" number] | number
//! constraint = expression ("<=" | ">=" | "=") expression
//!            | expression "<=" expression "<=" expression      (or twice ">=")
//! ```
//! What a variable is called: [`Vocabulary`]. A name of the file that is no word stands in
//! double quotes, `"fuel flow"`, and a quote in it is written twice.

use thiserror::Error;

use super::expression::{Constraint, Expression, Variable};
use super::vocabulary::Vocabulary;
use super::words::{Kind, Relation, Token, tokenize};
use super::{ProblemError, Question, QuestionText};
use crate::network::Network;

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
        let constraints = self.constraints.iter();
        let constraints = constraints
            .map(|text| vocabulary.constraint(text).map_err(ProblemError::Constraint))
            .collect::<Result<_, _>>()?;
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
        let expression = parser.expression()?;
        match parser.next() {
            None => Ok(expression),
            Some(token) => Err(parser.error(&token, "an expression without a relation")),
        }
    }

    /// Reads a constraint.
    ///
    /// # Errors
    /// [`ExpressionError`], with the place.
    pub fn constraint(&self, text: &str) -> Result<Constraint, ExpressionError> {
        let mut parser = Parser::new(text, *self)?;
        let first = parser.expression()?;
        let relation = parser.relation()?;
        let second = parser.expression()?;
        let difference = first.clone().minus(second.clone());
        let constraint = match (relation, parser.next()) {
            (Relation::Equal, None) => Constraint::new(difference, 0.0, 0.0),
            (Relation::AtMost, None) => Constraint::new(difference, f64::NEG_INFINITY, 0.0),
            (Relation::AtLeast, None) => Constraint::new(difference, 0.0, f64::INFINITY),
            (relation, Some(token)) => {
                let same = token.kind == Kind::Relation(relation) && relation != Relation::Equal;
                if !same || !first.terms().is_empty() {
                    return Err(parser.error(&token, "the end of the constraint"));
                }
                let third = parser.expression()?;
                if let Some(token) = parser.next() {
                    return Err(parser.error(&token, "the end of the constraint"));
                }
                if !third.terms().is_empty() {
                    let what = "a two-sided constraint needs numbers on both ends".to_string();
                    return Err(ExpressionError { text: text.to_string(), column: 1, what });
                }
                let (low, high) = match relation {
                    Relation::AtLeast => (third.constant(), first.constant()),
                    Relation::AtMost | Relation::Equal => (first.constant(), third.constant()),
                };
                if low > high {
                    let what = format!("no number is at least {low} and at most {high}");
                    return Err(ExpressionError { text: text.to_string(), column: 1, what });
                }
                Constraint::new(second, low, high)
            }
        };
        let numbers = constraint.expression().terms().iter().map(|(_, c)| *c);
        let limits = [constraint.lower(), constraint.upper()];
        if numbers.chain(limits).any(f64::is_nan)
            || limits == [f64::INFINITY; 2]
            || limits == [f64::NEG_INFINITY; 2]
            || constraint.expression().terms().iter().any(|(_, c)| c.is_infinite())
        {
            let what = "its numbers add up to more than 1.8e308".to_string();
            return Err(ExpressionError { text: text.to_string(), column: 1, what });
        }
        if constraint.expression().terms().is_empty() {
            let what = "no variable is left; expected a constraint on x or y".to_string();
            return Err(ExpressionError { text: text.to_string(), column: 1, what });
        }
        Ok(constraint.with_text(text.trim()))
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    vocabulary: Vocabulary<'a>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, vocabulary: Vocabulary<'a>) -> Result<Self, ExpressionError> {
        let tokens = tokenize(text).map_err(|(column, what)| ExpressionError {
            text: text.to_string(),
            column,
            what,
        })?;
        Ok(Self { text, tokens: tokens.into_iter().peekable(), vocabulary })
    }

    fn next(&mut self) -> Option<Token> {
        self.tokens.next()
    }

    fn error(&self, found: &Token, expected: &str) -> ExpressionError {
        let what = format!("found '{}', expected {expected}", found.text);
        ExpressionError { text: self.text.to_string(), column: found.column, what }
    }

    fn end_error(&self, expected: &str) -> ExpressionError {
        let what = format!("the text ends; expected {expected}");
        ExpressionError { text: self.text.to_string(), column: self.text.chars().count() + 1, what }
    }

    fn relation(&mut self) -> Result<Relation, ExpressionError> {
        match self.next() {
            Some(Token { kind: Kind::Relation(relation), .. }) => Ok(relation),
            Some(token) => Err(self.error(&token, "<=, >= or =")),
            None => Err(self.end_error("<=, >= or =")),
        }
    }

    fn expression(&mut self) -> Result<Expression, ExpressionError> {
        let mut terms = Vec::new();
        let mut constant = 0.0;
        let mut sign = self.sign().unwrap_or(1.0);
        loop {
            let (coefficient, variable) = self.term()?;
            match variable {
                Some(variable) => terms.push((variable, sign * coefficient)),
                None => constant += sign * coefficient,
            }
            match self.sign() {
                Some(next) => sign = next,
                None => return Ok(Expression::new(terms, constant)),
            }
        }
    }

    fn sign(&mut self) -> Option<f64> {
        let sign = match self.tokens.peek()?.kind {
            Kind::Plus => 1.0,
            Kind::Minus => -1.0,
            _ => return None,
        };
        self.tokens.next();
        Some(sign)
    }

    fn term(&mut self) -> Result<(f64, Option<Variable>), ExpressionError> {
        const EXPECTED: &str = "a number or a variable";
        let token = self.next().ok_or_else(|| self.end_error(EXPECTED))?;
        match token.kind {
            Kind::Name(_) | Kind::Quoted(_) => {
                let variable = self.variable(token)?;
                match self.tokens.next_if(|t| t.kind == Kind::Times).map(|_| self.next()) {
                    None => Ok((1.0, Some(variable))),
                    Some(Some(Token { kind: Kind::Number(value), .. })) => {
                        Ok((value, Some(variable)))
                    }
                    Some(Some(token)) => Err(self.error(&token, "a number")),
                    Some(None) => Err(self.end_error("a number")),
                }
            }
            Kind::Number(value) => {
                let times = self.tokens.next_if(|t| t.kind == Kind::Times).is_some();
                let is_name = |t: &Token| matches!(t.kind, Kind::Name(_) | Kind::Quoted(_));
                match self.tokens.next_if(is_name) {
                    Some(name) => Ok((value, Some(self.variable(name)?))),
                    None if times => Err(match self.next() {
                        Some(token) => self.error(&token, "a variable"),
                        None => self.end_error("a variable"),
                    }),
                    None => Ok((value, None)),
                }
            }
            _ => Err(self.error(&token, EXPECTED)),
        }
    }

    fn variable(&self, token: Token) -> Result<Variable, ExpressionError> {
        let found = match &token.kind {
            Kind::Quoted(name) => self.vocabulary.variable_of_name(name),
            _ => self.vocabulary.variable(&token.text),
        };
        found.map_err(|what| ExpressionError {
            text: self.text.to_string(),
            column: token.column,
            what,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Vocabulary =
        Vocabulary { inputs: 3, outputs: 1, input_names: &[], output_names: &[] };

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
        let set = PLAIN.expression("x0*2 \u{2212} 3\u{b7}X_1 + y").unwrap();
        assert_eq!(set, PLAIN.expression("2 x[0] - 3 x1 + y0").unwrap());
    }

    #[test]
    fn constraints_are_read() {
        let constraint = PLAIN.constraint("x0 + 1 <= 2 x1").unwrap();
        assert_eq!(constraint.upper(), -1.0);
        assert_eq!(constraint.lower(), f64::NEG_INFINITY);
        let set = PLAIN.constraint("x0 \u{2264} 1").unwrap();
        assert_eq!((set.lower(), set.upper()), (f64::NEG_INFINITY, 1.0));
        let both = PLAIN.constraint("-1 <= y0 - x0 <= 2").unwrap();
        assert_eq!((both.lower(), both.upper()), (-1.0, 2.0));
        assert_eq!(PLAIN.constraint("4 >= x0 >= 2").unwrap().lower(), 2.0);
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
        assert_eq!(message("2 *"), "'2 *', column 4: the text ends; expected a variable");
        assert!(message("").contains("the text ends; expected a number or a variable"));
        assert!(message("y0 <= 1").contains("column 4: found '<='"));
        assert!(message("1e999").contains("too large"));
        assert!(message("1.2.3").contains("'1.2.3' is not a number"));
        assert!(message("y0 / 2").contains("column 4: found '/'"));
        assert!(message("y0 * x1").contains("column 6: found 'x1', expected a number"));
        let strict = PLAIN.constraint("x0 < 1").unwrap_err().to_string();
        assert!(strict.contains("a strict relation; use <="), "{strict}");
        assert!(PLAIN.constraint("1 <= 2").unwrap_err().to_string().contains("no variable"));
        assert!(PLAIN.constraint("x0 - x0 <= 2").is_err());
        assert!(PLAIN.constraint("1 <= x0 >= 2").is_err());
        let crossed = PLAIN.constraint("2 <= x0 <= 1").unwrap_err().to_string();
        assert_eq!(crossed, "'2 <= x0 <= 1', column 1: no number is at least 2 and at most 1");
        assert!(PLAIN.constraint("1 >= x0 >= 2").is_err());
    }
}
