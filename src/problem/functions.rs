//! The functions of the language of questions: all of them piecewise linear.

use super::Expression;
use super::value::Value;

/// A function.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// How it is called.
    pub(super) usage: &'static str,
    apply: fn(Vec<Value>) -> Result<Value, String>,
}

impl Function {
    /// The function of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }

    /// Its value.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub(super) fn apply(&self, arguments: Vec<Value>) -> Result<Value, String> {
        (self.apply)(arguments)
            .map_err(|what| format!("{}: {what}; expected {}", self.name, self.usage))
    }

    /// All names, for a message.
    pub(super) fn names() -> String {
        let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        names.join(", ")
    }
}

/// All of them.
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "abs", usage: "abs(number)", apply: |a| of_one(a, Expression::abs) },
    Function { name: "relu", usage: "relu(number)", apply: |a| of_one(a, Expression::relu) },
    Function {
        name: "max",
        usage: "max(numbers or lists)",
        apply: |a| of_all(a, Expression::largest),
    },
    Function {
        name: "min",
        usage: "min(numbers or lists)",
        apply: |a| of_all(a, Expression::smallest),
    },
    Function {
        name: "sum",
        usage: "sum(numbers or lists)",
        apply: |a| of_all(a, Expression::total),
    },
    Function {
        name: "dist1",
        usage: "dist1(list, list or number)",
        apply: |a| distance(a, Expression::total),
    },
    Function {
        name: "distinf",
        usage: "distinf(list, list or number)",
        apply: |a| distance(a, Expression::largest),
    },
    Function {
        name: "argmax",
        usage: "argmax(list) == index from 0, or argmax(list) != index",
        apply: |a| Ok(Value::Place(flat(a)?)),
    },
];

fn of_one(arguments: Vec<Value>, of: fn(Expression) -> Expression) -> Result<Value, String> {
    let found = arguments.len();
    match <[Value; 1]>::try_from(arguments) {
        Ok([Value::Number(number)]) => Ok(Value::Number(of(number))),
        Ok([Value::List(list)]) => Ok(Value::List(list.into_iter().map(of).collect())),
        Ok([other]) => Err(format!("found {}", other.noun())),
        Err(_) => Err(format!("found {found} arguments")),
    }
}

fn of_all(
    arguments: Vec<Value>,
    of: impl Fn(Vec<Expression>) -> Option<Expression>,
) -> Result<Value, String> {
    of(flat(arguments)?).map(Value::Number).ok_or_else(|| "found nothing".to_string())
}

/// All numbers of the arguments, in order.
fn flat(arguments: Vec<Value>) -> Result<Vec<Expression>, String> {
    let mut all = Vec::new();
    for argument in arguments {
        match argument {
            Value::Number(number) => all.push(number),
            Value::List(list) => all.extend(list),
            other => return Err(format!("found {}", other.noun())),
        }
    }
    Ok(all)
}

/// What `of` makes of the distances in each place.
fn distance(
    arguments: Vec<Value>,
    of: impl Fn(Vec<Expression>) -> Option<Expression>,
) -> Result<Value, String> {
    let found = arguments.len();
    let [first, second] = <[Value; 2]>::try_from(arguments)
        .map_err(|_| format!("found {found} argument{}", if found == 1 { "" } else { "s" }))?;
    let differences = first.with(second, |a, b| Ok(a.minus(b)))?;
    let distances = flat(vec![differences])?.into_iter().map(Expression::abs).collect();
    of(distances).map(Value::Number).ok_or_else(|| "found an empty list".to_string())
}
