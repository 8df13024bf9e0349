//! Local robustness: the class of a point is that of all points around it.

use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use super::ball::Ball;
use super::property::{Part, Property, PropertyError};
use crate::io::vnnlib::{Atom, Formula, InputBound, InputBounds, Position, Relation, Variable};
use crate::network::Network;
use crate::num::decimal::{Decimal, DecimalError};

/// How changes of a point are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// The largest change of an input.
    #[default]
    Linf,
    /// The sum of the changes of all inputs.
    L1,
}

/// A point, and the class that is to stay the largest output around it.
#[derive(Clone, Debug)]
pub struct Robustness {
    network: Arc<Network>,
    point: Vec<Decimal>,
    class: usize,
    /// Classes that must not become as large.
    targets: Vec<usize>,
    /// Ends of all inputs, which no change leads beyond.
    range: Option<[Decimal; 2]>,
}

/// Why a point has no robustness.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RobustnessError {
    /// It has another number of coordinates than the network has inputs.
    #[error("coordinates of the point: {found}; inputs of the network: {expected}")]
    Point {
        /// Coordinates.
        found: usize,
        /// Inputs.
        expected: usize,
    },
    /// A network with a single output has no classes.
    #[error("the network has {outputs} output; expected one for each class")]
    Outputs {
        /// Outputs.
        outputs: usize,
    },
    /// A class that the network does not have, or twice the same.
    #[error("class {class}: the network has classes 0 to {last}, and a target is another one")]
    Class {
        /// The class.
        class: usize,
        /// The last class.
        last: usize,
    },
    /// A number that is none.
    #[error("{number}: {cause}")]
    Number {
        /// As a text.
        number: String,
        /// What is wrong with it.
        cause: DecimalError,
    },
    /// The point is beyond the range of the inputs.
    #[error("input {input} of the point is {found}; expected {lower} to {upper}")]
    Range {
        /// The input.
        input: usize,
        /// Its value.
        found: f64,
        /// The least one.
        lower: f64,
        /// The largest one.
        upper: f64,
    },
    /// The property cannot be made.
    #[error(transparent)]
    Property(#[from] PropertyError),
}

/// A number as the decimal that it is written as.
fn decimal(value: f64) -> Result<Decimal, RobustnessError> {
    let number = format!("{value:e}");
    Decimal::parse(&number).map_err(|cause| RobustnessError::Number { number, cause })
}

impl Robustness {
    /// The robustness of a point: `class` stays larger than each of `targets`, or than all
    /// others where none is given. Inputs stay in `range`, where one is given.
    ///
    /// # Errors
    /// [`RobustnessError`].
    pub fn new(
        network: Arc<Network>,
        point: &[f64],
        class: usize,
        targets: &[usize],
        range: Option<[f64; 2]>,
    ) -> Result<Self, RobustnessError> {
        let (inputs, outputs) = (network.inputs(), network.outputs());
        if point.len() != inputs {
            return Err(RobustnessError::Point { found: point.len(), expected: inputs });
        }
        if outputs < 2 {
            return Err(RobustnessError::Outputs { outputs });
        }
        let is_wrong = |target: &&usize| **target >= outputs || **target == class;
        let wrong = targets.iter().find(is_wrong).copied();
        if let Some(class) = wrong.or(Some(class).filter(|&class| class >= outputs)) {
            return Err(RobustnessError::Class { class, last: outputs - 1 });
        }
        if let Some([lower, upper]) = range
            && let Some(input) = (0..inputs).find(|&i| !(lower..=upper).contains(&point[i]))
        {
            return Err(RobustnessError::Range { input, found: point[input], lower, upper });
        }
        let targets = match targets {
            [] => (0..outputs).filter(|&other| other != class).collect(),
            targets => targets.to_vec(),
        };
        let point = point.iter().map(|&x| decimal(x)).collect::<Result<_, _>>()?;
        let range = match range {
            Some([lower, upper]) => Some([decimal(lower)?, decimal(upper)?]),
            None => None,
        };
        Ok(Self { network, point, class, targets, range })
    }

    /// That no change of at most `epsilon`, in a norm, makes a target as large as the class;
    /// ends are the exact sums of decimals.
    ///
    /// # Errors
    /// [`RobustnessError`].
    pub fn within(&self, epsilon: f64, norm: Norm) -> Result<Property, RobustnessError> {
        let epsilon = decimal(epsilon)?;
        let bounds = self.point.iter().map(|x| self.bounds(x, &epsilon));
        let bounds = bounds.collect::<Result<Vec<InputBounds>, _>>()?;
        let inputs = bounds.len();
        let beaten = |&target: &usize| {
            let mut terms = vec![
                (Variable(inputs + self.class), Decimal::ONE),
                (Variable(inputs + target), Decimal::ONE.negated()),
            ];
            terms.sort_by_key(|(variable, _)| *variable);
            let position = Position { line: 0, column: 0 };
            let (relation, constant) = (Relation::AtMost, Decimal::ZERO);
            Formula::Atom(Atom { terms, relation, constant, position })
        };
        let formulas = vec![Formula::Any(self.targets.iter().map(beaten).collect())];
        let ball = (norm == Norm::L1).then(|| Ball::new(&self.point, epsilon));
        let part = Part { ball, ..Part::new(bounds, formulas)? };
        let (network, joined) = (self.network.clone(), None);
        Ok(Property { network, joined, parts: vec![part], empty: Vec::new() })
    }

    fn bounds(&self, x: &Decimal, epsilon: &Decimal) -> Result<InputBounds, RobustnessError> {
        let wrong = |cause| RobustnessError::Number { number: epsilon.to_string(), cause };
        let mut lower = x.plus(&epsilon.negated()).map_err(wrong)?;
        let mut upper = x.plus(epsilon).map_err(wrong)?;
        if let Some([least, largest]) = &self.range {
            lower = lower.max(least.clone());
            upper = upper.min(largest.clone());
        }
        let bound = |value| InputBound { value, is_strict: false };
        Ok(InputBounds { lower: bound(lower), upper: bound(upper) })
    }
}
