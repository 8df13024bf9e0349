//! The neutral form between files and layers: an operator's name, attributes
//! and constants, with nothing of the file format left in it.

use std::collections::BTreeMap;

use ndarray::{ArrayD, Dimension};
use thiserror::Error;

use crate::message::{excerpt, readable};

/// Value of an operator's attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A number.
    Float(f64),
    /// A whole number.
    Integer(i64),
    /// A list of whole numbers.
    Integers(Vec<i64>),
    /// A text.
    Text(String),
}

/// Attributes by name, in alphabetical order.
pub type Attributes = BTreeMap<String, Attribute>;

/// A constant tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// Weights, biases, limits.
    Float(ArrayD<f64>),
    /// Shapes and axes.
    Integer(ArrayD<i64>),
}

/// One operand of an operator.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Comes from the network's input.
    Data,
    /// Is known.
    Constant(Constant),
    /// An optional operand that was left out.
    Absent,
}

impl Operand {
    /// Number of elements of a constant, else 0.
    pub fn elements(&self) -> usize {
        match self {
            Self::Constant(Constant::Float(values)) => values.len(),
            Self::Constant(Constant::Integer(values)) => values.len(),
            Self::Data | Self::Absent => 0,
        }
    }
}

/// An operator as a file states it: the input of a layer's `read`, the output
/// of [`Layer::operator`](super::Layer::operator).
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// The operator's name in ONNX.
    pub op: String,
    /// Attributes as given; defaults are the layer's business.
    pub attributes: Attributes,
    /// Operands in order.
    pub operands: Vec<Operand>,
}

impl Operator {
    /// An operator without attributes.
    pub fn new(op: &str, operands: Vec<Operand>) -> Self {
        Self { op: op.to_string(), attributes: Attributes::new(), operands }
    }

    /// The same operator with one attribute more.
    #[must_use]
    pub fn with(mut self, name: &str, value: Attribute) -> Self {
        self.attributes.insert(name.to_string(), value);
        self
    }
}

/// What a layer can find wrong with an operator or with the shapes it is given.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LayerError {
    /// An attribute of the wrong kind or with a value that is not supported.
    #[error("attribute '{}' is {}; expected {expected}", excerpt(name), excerpt(found))]
    Attribute {
        /// Name of the attribute.
        name: String,
        /// Value found.
        found: String,
        /// What is supported.
        expected: String,
    },
    /// An attribute that the layer does not know.
    #[error("attribute '{}' is not supported; supported: {supported}", excerpt(name))]
    UnknownAttribute {
        /// Name of the attribute.
        name: String,
        /// Names of the attributes that are.
        supported: String,
    },
    /// An operand is missing, superfluous or of the wrong kind.
    #[error("operand {index} is {}; expected {expected}", excerpt(found))]
    Operand {
        /// Position, from 0.
        index: usize,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Shapes that do not fit together.
    #[error("{}; expected {}", readable(found), readable(expected))]
    Shape {
        /// The shapes found.
        found: String,
        /// The condition they fail.
        expected: String,
    },
}

/// Hands an operator's parts to a layer's `read` and notices what was not asked
/// for, so that nothing is ignored silently.
#[derive(Debug)]
pub struct OperatorReader {
    operator: Operator,
    asked_attributes: Vec<&'static str>,
    asked_operands: usize,
}

impl OperatorReader {
    /// A reader of `operator`.
    pub fn new(operator: Operator) -> Self {
        Self { operator, asked_attributes: Vec::new(), asked_operands: 0 }
    }

    /// Takes the float attribute `name`, or its default.
    ///
    /// # Errors
    /// The attribute is not a number or not finite.
    pub fn float(&mut self, name: &'static str, default: f64) -> Result<f64, LayerError> {
        self.asked_attributes.push(name);
        match self.operator.attributes.remove(name) {
            None => Ok(default),
            Some(Attribute::Float(value)) if value.is_finite() => Ok(value),
            // JSON does not tell 1 from 1.0.
            Some(Attribute::Integer(value)) => Ok(value as f64),
            Some(other) => Err(attribute_error(name, &other, "a finite number")),
        }
    }

    /// Takes the whole-number attribute `name`, or its default.
    ///
    /// # Errors
    /// The attribute is of another kind.
    pub fn integer(&mut self, name: &'static str, default: i64) -> Result<i64, LayerError> {
        self.asked_attributes.push(name);
        match self.operator.attributes.remove(name) {
            None => Ok(default),
            Some(Attribute::Integer(value)) => Ok(value),
            Some(other) => Err(attribute_error(name, &other, "a whole number")),
        }
    }

    /// Takes the attribute `name` that can only be 0 or 1.
    ///
    /// # Errors
    /// Any other value.
    pub fn flag(&mut self, name: &'static str) -> Result<bool, LayerError> {
        match self.integer(name, 0)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(attribute_error(name, &Attribute::Integer(other), "0 or 1")),
        }
    }

    /// Takes the attribute `name`, a list of whole numbers; `None` if it is left out.
    ///
    /// # Errors
    /// The attribute is of another kind.
    pub fn integer_list(&mut self, name: &'static str) -> Result<Option<Vec<i64>>, LayerError> {
        self.asked_attributes.push(name);
        match self.operator.attributes.remove(name) {
            None => Ok(None),
            Some(Attribute::Integers(values)) => Ok(Some(values)),
            Some(other) => Err(attribute_error(name, &other, "a list of whole numbers")),
        }
    }

    /// Takes the attribute `name`, a text, or its default.
    ///
    /// # Errors
    /// The attribute is of another kind.
    pub fn text(&mut self, name: &'static str, default: &str) -> Result<String, LayerError> {
        self.asked_attributes.push(name);
        match self.operator.attributes.remove(name) {
            None => Ok(default.to_string()),
            Some(Attribute::Text(text)) => Ok(text),
            Some(other) => Err(attribute_error(name, &other, "a text")),
        }
    }

    /// Looks at the operand `index` without taking it.
    pub fn peek(&self, index: usize) -> &Operand {
        self.operator.operands.get(index).unwrap_or(&Operand::Absent)
    }

    /// Takes operand `index`, which must depend on the network's input.
    ///
    /// # Errors
    /// It is a constant or absent.
    pub fn data(&mut self, index: usize) -> Result<(), LayerError> {
        match self.take(index) {
            Operand::Data => Ok(()),
            other => {
                Err(operand_error(index, &other, "a tensor computed from the network's input"))
            }
        }
    }

    /// Takes operand `index`, a constant of finite numbers.
    ///
    /// # Errors
    /// It is absent, depends on the input, or holds a number that is not finite.
    pub fn weights(&mut self, index: usize) -> Result<ArrayD<f64>, LayerError> {
        self.optional_weights(index)?
            .ok_or_else(|| operand_error(index, &Operand::Absent, "a constant tensor of numbers"))
    }

    /// Takes operand `index`, a constant of finite numbers or absent.
    ///
    /// # Errors
    /// It depends on the input or holds a number that is not finite.
    pub fn optional_weights(&mut self, index: usize) -> Result<Option<ArrayD<f64>>, LayerError> {
        let Some(values) = self.optional_numbers(index)? else { return Ok(None) };
        check_finite(index, &values)?;
        Ok(Some(values))
    }

    /// Takes operand `index`, one number (infinite ones allowed) or absent.
    ///
    /// # Errors
    /// It depends on the input, is NaN or holds more than one number.
    pub fn optional_number(&mut self, index: usize) -> Result<Option<f64>, LayerError> {
        let Some(values) = self.optional_numbers(index)? else { return Ok(None) };
        let values: Vec<f64> = values.into_iter().collect();
        match values.as_slice() {
            [value] if !value.is_nan() => Ok(Some(*value)),
            other => Err(LayerError::Operand {
                index,
                found: format!("a constant {other:?}"),
                expected: "one number".to_string(),
            }),
        }
    }

    /// Takes operand `index`, a constant list of whole numbers.
    ///
    /// # Errors
    /// It is anything else.
    pub fn integers(&mut self, index: usize) -> Result<Vec<i64>, LayerError> {
        Ok(self.integer_array(index)?.into_iter().collect())
    }

    /// Takes operand `index`, a constant tensor of whole numbers.
    ///
    /// # Errors
    /// It is anything else.
    pub fn integer_array(&mut self, index: usize) -> Result<ArrayD<i64>, LayerError> {
        match self.take(index) {
            Operand::Constant(Constant::Integer(values)) => Ok(values),
            other => Err(operand_error(index, &other, "a constant list of whole numbers")),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// An attribute or an operand was given that the layer did not take.
    pub fn finish(self) -> Result<(), LayerError> {
        if let Some(name) = self.operator.attributes.into_keys().next() {
            let supported = match self.asked_attributes.as_slice() {
                [] => "none".to_string(),
                names => names.join(", "),
            };
            return Err(LayerError::UnknownAttribute { name, supported });
        }
        let rest = self.operator.operands.iter().enumerate().skip(self.asked_operands);
        match rest.into_iter().find(|(_, operand)| **operand != Operand::Absent) {
            None => Ok(()),
            Some((index, operand)) => {
                let expected = format!("nothing beyond operand {}", self.asked_operands - 1);
                Err(operand_error(index, operand, &expected))
            }
        }
    }

    fn optional_numbers(&mut self, index: usize) -> Result<Option<ArrayD<f64>>, LayerError> {
        match self.take(index) {
            Operand::Absent => Ok(None),
            Operand::Constant(Constant::Float(values)) => Ok(Some(values)),
            other => Err(operand_error(index, &other, "a constant tensor of numbers")),
        }
    }

    fn take(&mut self, index: usize) -> Operand {
        self.asked_operands = self.asked_operands.max(index + 1);
        match self.operator.operands.get_mut(index) {
            None => Operand::Absent,
            Some(operand) => std::mem::replace(operand, Operand::Absent),
        }
    }
}

/// That the numbers of a constant, operand `index`, are finite.
///
/// # Errors
/// The first one that is not, with its place.
pub(crate) fn check_finite(index: usize, values: &ArrayD<f64>) -> Result<(), LayerError> {
    // Places are counted only where one is told: that takes its time.
    if values.iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    let mut places = values.indexed_iter().filter(|(_, value)| !value.is_finite());
    let (place, value) = places.next().expect("a number that is not finite");
    let found = format!("a constant with {value} at {:?}", place.slice());
    Err(LayerError::Operand { index, found, expected: "finite numbers".to_string() })
}

fn attribute_error(name: &str, found: &Attribute, expected: &str) -> LayerError {
    let found = match found {
        Attribute::Float(value) => value.to_string(),
        Attribute::Integer(value) => value.to_string(),
        Attribute::Integers(values) => format!("{values:?}"),
        Attribute::Text(text) => format!("'{text}'"),
    };
    LayerError::Attribute { name: name.to_string(), found, expected: expected.to_string() }
}

fn operand_error(index: usize, found: &Operand, expected: &str) -> LayerError {
    let found = match found {
        Operand::Data => "computed from the network's input".to_string(),
        Operand::Absent => "missing".to_string(),
        Operand::Constant(Constant::Float(v)) => format!("a constant of shape {:?}", v.shape()),
        Operand::Constant(Constant::Integer(v)) => {
            format!("a constant of whole numbers of shape {:?}", v.shape())
        }
    };
    LayerError::Operand { index, found, expected: expected.to_string() }
}
