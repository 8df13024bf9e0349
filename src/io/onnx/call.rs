//! One node of a graph with its operands: what the rule of an operator reads.
//!
//! A call notices what was not asked for, so that no attribute and no operand is ignored
//! silently.

use std::collections::BTreeMap;
use std::rc::Rc;

use ndarray::ArrayD;

use super::schema::{AttributeProto, SparseTensorProto, TensorProto, attribute_type};
use super::value::{Tensor, Values};
use crate::message::excerpt;
use crate::network::{
    AssemblyError, Attribute, Attributes, LayerError, MOST_WEIGHTS, NetworkError, ValueId,
    check_finite, check_size,
};

/// Why a node cannot be read.
#[derive(Debug)]
pub enum Wrong {
    /// Something about its attributes, operands or shapes.
    Layer(LayerError),
    /// The network says so.
    Assembly(AssemblyError),
}

impl From<LayerError> for Wrong {
    fn from(error: LayerError) -> Self {
        Self::Layer(error)
    }
}

impl From<AssemblyError> for Wrong {
    fn from(error: AssemblyError) -> Self {
        Self::Assembly(error)
    }
}

impl From<NetworkError> for Wrong {
    fn from(error: NetworkError) -> Self {
        Self::Assembly(error.into())
    }
}

/// A value that depends on the network's input, with its shape in the file.
#[derive(Clone, Debug)]
pub struct Data {
    pub id: ValueId,
    pub shape: Vec<usize>,
}

/// What a node reads.
#[derive(Clone, Debug)]
pub enum Operand {
    Data(Data),
    Constant { name: String, tensor: Rc<Tensor> },
    Absent,
}

impl Operand {
    /// Its shape in the file.
    pub fn shape(&self) -> Option<&[usize]> {
        match self {
            Self::Data(data) => Some(&data.shape),
            Self::Constant { tensor, .. } => Some(tensor.shape()),
            Self::Absent => None,
        }
    }
}

/// A node with its operands.
#[derive(Debug)]
pub struct Call {
    /// Name of the node, for messages.
    pub name: String,
    /// Name of the operator.
    pub op: String,
    /// Version of the operator set that the file names for it.
    pub version: i64,
    /// Number of outputs that are named.
    pub outputs: usize,
    /// Most elements of a constant that is computed here.
    pub most: usize,
    attributes: BTreeMap<String, AttributeProto>,
    asked: Vec<&'static str>,
    operands: Vec<Operand>,
    asked_operands: usize,
}

impl Call {
    pub fn new(
        (name, op, version): (String, String, i64),
        attributes: Vec<AttributeProto>,
        operands: Vec<Operand>,
        outputs: usize,
        most: usize,
    ) -> Self {
        let named =
            |attribute: AttributeProto| (attribute.name.clone().unwrap_or_default(), attribute);
        let attributes = attributes.into_iter().map(named).collect();
        let (asked, asked_operands) = (Vec::new(), 0);
        Self { name, op, version, outputs, most, attributes, asked, operands, asked_operands }
    }

    // --- Attributes ---------------------------------------------------------------------

    fn attribute(
        &mut self,
        name: &'static str,
        kind: i32,
    ) -> Result<Option<AttributeProto>, LayerError> {
        if !self.asked.contains(&name) {
            self.asked.push(name);
        }
        let Some(attribute) = self.attributes.remove(name) else { return Ok(None) };
        match type_of(&attribute) {
            found
                if found == kind && attribute.ref_attr_name.as_deref().unwrap_or("").is_empty() =>
            {
                Ok(Some(attribute))
            }
            found => Err(LayerError::Attribute {
                name: name.to_string(),
                found: format!("of type {}", attribute_type::name(found)),
                expected: format!("one of type {}", attribute_type::name(kind)),
            }),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    /// A list of whole numbers, without taking it.
    pub fn peek_integers(&self, name: &str) -> Option<&[i64]> {
        self.attributes.get(name).map(|attribute| attribute.ints.as_slice())
    }

    /// A text, without taking it.
    pub fn peek_text(&self, name: &str) -> Option<String> {
        let text = self.attributes.get(name)?.s.as_deref().unwrap_or_default();
        Some(String::from_utf8_lossy(text).into_owned())
    }

    pub fn integer(&mut self, name: &'static str, default: i64) -> Result<i64, LayerError> {
        let attribute = self.attribute(name, attribute_type::INT)?;
        Ok(attribute.map_or(default, |attribute| attribute.i.unwrap_or(0)))
    }

    /// An attribute that can only be 0 or 1.
    pub fn flag(&mut self, name: &'static str, default: bool) -> Result<bool, LayerError> {
        match self.integer(name, default.into())? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(wrong_attribute(name, other.to_string(), "0 or 1")),
        }
    }

    pub fn float(&mut self, name: &'static str, default: f32) -> Result<f64, LayerError> {
        let attribute = self.attribute(name, attribute_type::FLOAT)?;
        let value = attribute.map_or(default, |attribute| attribute.f.unwrap_or(0.0));
        match value.is_finite() {
            true => Ok(value.into()),
            false => Err(wrong_attribute(name, value.to_string(), "a finite number")),
        }
    }

    /// A number, or nothing where it is left out.
    pub fn optional_float(&mut self, name: &'static str) -> Result<Option<f64>, LayerError> {
        if self.has(name) { self.float(name, 0.0).map(Some) } else { Ok(None) }
    }

    pub fn text(&mut self, name: &'static str, default: &str) -> Result<String, LayerError> {
        let attribute = self.attribute(name, attribute_type::STRING)?;
        let text = attribute.map(|attribute| {
            String::from_utf8_lossy(attribute.s.as_deref().unwrap_or_default()).into_owned()
        });
        Ok(text.unwrap_or_else(|| default.to_string()))
    }

    pub fn integers(&mut self, name: &'static str) -> Result<Option<Vec<i64>>, LayerError> {
        Ok(self.attribute(name, attribute_type::INTS)?.map(|attribute| attribute.ints))
    }

    pub fn floats(&mut self, name: &'static str) -> Result<Option<Vec<f64>>, LayerError> {
        let Some(attribute) = self.attribute(name, attribute_type::FLOATS)? else {
            return Ok(None);
        };
        let values: Vec<f64> = attribute.floats.iter().map(|&v| v.into()).collect();
        match values.iter().find(|value| !value.is_finite()) {
            None => Ok(Some(values)),
            Some(value) => Err(wrong_attribute(name, value.to_string(), "finite numbers")),
        }
    }

    pub fn tensor(&mut self, name: &'static str) -> Result<Option<TensorProto>, LayerError> {
        Ok(self.attribute(name, attribute_type::TENSOR)?.and_then(|attribute| attribute.t))
    }

    pub fn sparse(&mut self, name: &'static str) -> Result<Option<SparseTensorProto>, LayerError> {
        let attribute = self.attribute(name, attribute_type::SPARSE_TENSOR)?;
        Ok(attribute.and_then(|attribute| attribute.sparse_tensor))
    }

    /// Names attributes that are known, for messages.
    pub fn offer(&mut self, names: &[&'static str]) {
        self.asked.extend(names);
    }

    /// The error of the first attribute that is not known.
    pub fn unknown_attribute(&self) -> LayerError {
        let supported = self.asked.join(", ");
        match self.attributes.keys().next() {
            Some(name) => LayerError::UnknownAttribute { name: name.clone(), supported },
            None => wrong_shape("no attribute", &format!("one of {supported}")),
        }
    }

    /// Takes the attribute `name`, whatever its value, because it changes nothing.
    pub fn ignore(&mut self, name: &'static str) {
        self.asked.push(name);
        self.attributes.remove(name);
    }

    /// Takes all attributes that are left, as a layer of the network reads them.
    pub fn rest(&mut self) -> Result<Attributes, LayerError> {
        let attributes = std::mem::take(&mut self.attributes);
        attributes.into_iter().map(|(name, attribute)| neutral(name, &attribute)).collect()
    }

    // --- Operands -----------------------------------------------------------------------

    /// Number of operands, absent ones at the end left out.
    pub fn count(&self) -> usize {
        let last = self.operands.iter().rposition(|o| !matches!(o, Operand::Absent));
        last.map_or(0, |last| last + 1)
    }

    pub fn peek(&self, index: usize) -> &Operand {
        self.operands.get(index).unwrap_or(&Operand::Absent)
    }

    pub fn is_data(&self, index: usize) -> bool {
        matches!(self.peek(index), Operand::Data(_))
    }

    /// Whether no operand depends on the network's input.
    pub fn is_constant(&self) -> bool {
        !(0..self.operands.len()).any(|index| self.is_data(index))
    }

    pub fn take(&mut self, index: usize) -> Operand {
        self.asked_operands = self.asked_operands.max(index + 1);
        match self.operands.get_mut(index) {
            None => Operand::Absent,
            Some(operand) => std::mem::replace(operand, Operand::Absent),
        }
    }

    /// Gives an operand back, or another in its place.
    pub fn put(&mut self, index: usize, operand: Operand) {
        self.operands[index] = operand;
    }

    /// Takes an operand that depends on the network's input.
    pub fn data(&mut self, index: usize) -> Result<Data, LayerError> {
        match self.take(index) {
            Operand::Data(data) => Ok(data),
            other => {
                Err(wrong_operand(index, &other, "a tensor computed from the network's input"))
            }
        }
    }

    /// Takes a constant; `None` where it is left out.
    pub fn optional(&mut self, index: usize) -> Result<Option<Rc<Tensor>>, LayerError> {
        match self.take(index) {
            Operand::Absent => Ok(None),
            Operand::Constant { tensor, .. } => Ok(Some(tensor)),
            other @ Operand::Data(_) => Err(wrong_operand(index, &other, "a constant tensor")),
        }
    }

    pub fn constant(&mut self, index: usize) -> Result<Rc<Tensor>, LayerError> {
        self.optional(index)?
            .ok_or_else(|| wrong_operand(index, &Operand::Absent, "a constant tensor"))
    }

    /// Takes a constant of numbers, none of them infinite or NaN.
    pub fn weights(&mut self, index: usize) -> Result<ArrayD<f64>, Wrong> {
        let expected = "a constant tensor of numbers";
        self.optional_weights(index)?
            .ok_or_else(|| wrong_operand(index, &Operand::Absent, expected).into())
    }

    /// [`weights`](Self::weights), or nothing.
    pub fn optional_weights(&mut self, index: usize) -> Result<Option<ArrayD<f64>>, Wrong> {
        let expected = "a constant tensor of numbers";
        let (name, tensor) = match self.take(index) {
            Operand::Absent => return Ok(None),
            Operand::Constant { name, tensor } => (name, tensor),
            other @ Operand::Data(_) => return Err(wrong_operand(index, &other, expected).into()),
        };
        let Values::Float(values) = Rc::unwrap_or_clone(tensor).values else {
            let found = "a constant of whole numbers".to_string();
            return Err(LayerError::Operand { index, found, expected: expected.to_string() }.into());
        };
        check_size(&format!("the constant '{}'", excerpt(&name)), values.shape(), MOST_WEIGHTS)?;
        check_finite(index, &values)?;
        Ok(Some(values))
    }

    /// Takes a constant list of whole numbers; `None` where it is left out.
    pub fn optional_list(&mut self, index: usize) -> Result<Option<Vec<i64>>, LayerError> {
        let expected = "a constant list of whole numbers";
        match self.take(index) {
            Operand::Absent => Ok(None),
            operand => match &operand {
                Operand::Constant { tensor, .. } => match &tensor.values {
                    Values::Integer(values) => Ok(Some(values.iter().copied().collect())),
                    Values::Float(_) => Err(wrong_operand(index, &operand, expected)),
                },
                _ => Err(wrong_operand(index, &operand, expected)),
            },
        }
    }

    pub fn list(&mut self, index: usize) -> Result<Vec<i64>, LayerError> {
        self.optional_list(index)?.ok_or_else(|| {
            wrong_operand(index, &Operand::Absent, "a constant list of whole numbers")
        })
    }

    /// Takes a constant of one number, infinite ones allowed; `None` where it is left out.
    pub fn optional_number(&mut self, index: usize) -> Result<Option<f64>, LayerError> {
        let Some(tensor) = self.optional(index)? else { return Ok(None) };
        let number = match &tensor.values {
            Values::Float(values) if values.len() == 1 => values.iter().next().copied(),
            _ => None,
        };
        let expected = "one number".to_string();
        number.filter(|number| !number.is_nan()).map(Some).ok_or_else(|| {
            let found = format!("a constant {}", excerpt(&format!("{:?}", tensor.values)));
            LayerError::Operand { index, found, expected }
        })
    }

    /// A list that is an attribute in old files and an operand in new ones; `None` where it is
    /// left out.
    pub fn list_of_either(
        &mut self,
        name: &'static str,
        index: usize,
    ) -> Result<Option<Vec<i64>>, LayerError> {
        if self.has(name) { self.integers(name) } else { self.optional_list(index) }
    }

    /// Ends the reading.
    pub fn finish(self) -> Result<(), LayerError> {
        if let Some(name) = self.attributes.into_keys().next() {
            let supported = match self.asked.as_slice() {
                [] => "none".to_string(),
                names => names.join(", "),
            };
            return Err(LayerError::UnknownAttribute { name, supported });
        }
        let mut rest = self.operands.iter().enumerate().skip(self.asked_operands);
        match rest.find(|(_, operand)| !matches!(operand, Operand::Absent)) {
            None => Ok(()),
            Some((index, operand)) => {
                let expected = match self.asked_operands {
                    0 => "no operands".to_string(),
                    count => format!("nothing beyond operand {}", count - 1),
                };
                Err(wrong_operand(index, operand, &expected))
            }
        }
    }
}

pub fn wrong_attribute(name: &str, found: impl Into<String>, expected: &str) -> LayerError {
    let expected = expected.to_string();
    LayerError::Attribute { name: name.to_string(), found: found.into(), expected }
}

pub fn wrong_shape(found: impl Into<String>, expected: &str) -> LayerError {
    LayerError::Shape { found: found.into(), expected: expected.to_string() }
}

pub fn wrong_operand(index: usize, found: &Operand, expected: &str) -> LayerError {
    let found = match found {
        Operand::Data(_) => "computed from the network's input".to_string(),
        Operand::Absent => "missing".to_string(),
        Operand::Constant { tensor, .. } => match &tensor.values {
            Values::Float(values) => format!("a constant of shape {:?}", values.shape()),
            Values::Integer(values) => {
                format!("a constant of whole numbers of shape {:?}", values.shape())
            }
        },
    };
    LayerError::Operand { index, found, expected: expected.to_string() }
}

fn neutral(name: String, attribute: &AttributeProto) -> Result<(String, Attribute), LayerError> {
    let value = match type_of(attribute) {
        // A field with the default value 0 may be left out of the file.
        attribute_type::FLOAT => Attribute::Float(attribute.f.unwrap_or(0.0).into()),
        attribute_type::INT => Attribute::Integer(attribute.i.unwrap_or(0)),
        attribute_type::INTS => Attribute::Integers(attribute.ints.clone()),
        attribute_type::STRING => {
            let bytes = attribute.s.as_deref().unwrap_or_default();
            Attribute::Text(String::from_utf8_lossy(bytes).into_owned())
        }
        other => {
            let found = format!("of type {}", attribute_type::name(other));
            return Err(wrong_attribute(&name, found, "a number, whole numbers or a text"));
        }
    };
    Ok((name, value))
}

/// The type of an attribute; guessed in files so old that they do not say it.
fn type_of(attribute: &AttributeProto) -> i32 {
    if let Some(kind) = attribute.r#type {
        return kind;
    }
    match attribute {
        AttributeProto { f: Some(_), .. } => attribute_type::FLOAT,
        AttributeProto { i: Some(_), .. } => attribute_type::INT,
        AttributeProto { s: Some(_), .. } => attribute_type::STRING,
        AttributeProto { t: Some(_), .. } => attribute_type::TENSOR,
        AttributeProto { floats, .. } if !floats.is_empty() => attribute_type::FLOATS,
        _ => attribute_type::INTS,
    }
}
