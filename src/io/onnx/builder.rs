//! The nodes of a graph, one after the other: constants where all is known, else layers.

use std::collections::HashMap;
use std::rc::Rc;

use super::call::{Call, Data, Operand, Wrong};
use super::content;
use super::graph::{Failure, Graph, failure, node_name};
use super::lowering::Lowering;
use super::operators::{self, OperatorRule, Rule, Selection};
use super::schema::NodeProto;
use super::value::Tensor;
use crate::message::excerpt;
use crate::network::{Assembly, LayerError, MOST_ELEMENTS, MOST_WEIGHTS, NetworkError, SetAside};

/// Most elements of all constants together that are computed, beside as many as are stored.
const MOST_COMPUTED: usize = 1 << 26;

/// What a name stands for.
#[derive(Clone)]
pub enum Known {
    Data(Data),
    Constant(Rc<Tensor>),
}

/// Takes the nodes of a graph.
pub struct Builder<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) assembly: Assembly,
    known: HashMap<String, Known>,
    /// Operands that are still to be taken.
    readers: HashMap<String, usize>,
    /// Elements of constants that have been computed.
    computed: usize,
    pub(super) set_aside: Vec<SetAside>,
}

impl<'a> Builder<'a> {
    /// Adds to `assembly`; `readers`: how many operands each value is.
    pub fn new(graph: &'a Graph<'a>, assembly: Assembly, readers: HashMap<String, usize>) -> Self {
        let (known, set_aside) = (HashMap::new(), Vec::new());
        Self { graph, assembly, known, readers, computed: 0, set_aside }
    }

    /// Names of the inputs, as parts of the network's.
    pub fn take_inputs(&mut self) -> Result<(), Failure> {
        let id = self.assembly.input();
        let all = Data { id, shape: self.assembly.shape(id) };
        if let [input] = self.graph.inputs {
            self.known.insert(input.name.clone(), Known::Data(all));
            return Ok(());
        }
        let rows = self.assembly.rows();
        let mut start = 0;
        for input in self.graph.inputs {
            let size = input.size().unwrap_or_default() / rows;
            let places: Vec<usize> = (start..start + size).collect();
            start += size;
            if !self.readers.contains_key(&input.name) {
                continue;
            }
            let mut lowering =
                Lowering { assembly: &mut self.assembly, node: &input.name, op: "input" };
            let part = lowering.gather(&all, 1, &places);
            let part = part.and_then(|part| lowering.reshape(&part, &input.shape));
            let part = part.map_err(|wrong| failure(wrong, &input.name, "input"))?;
            self.known.insert(input.name.clone(), Known::Data(part));
        }
        Ok(())
    }

    /// Takes a node.
    pub fn take(&mut self, position: usize) -> Result<(), Failure> {
        let node = &self.graph.nodes[position];
        let name = node_name(node, position);
        let op = node.op_type.clone().unwrap_or_default();
        let (domain, version) = self.version(node, &name, &op)?;
        let operands = self.operands(node, &name)?;
        let stored: usize = operands.iter().map(elements).sum();
        let most = MOST_ELEMENTS.max(stored).min(MOST_WEIGHTS);
        let attributes = node.attribute.clone();
        let key = (name.clone(), op.clone(), version);
        let mut call = Call::new(key, attributes, operands, node.output.len(), most);
        let wrong = |wrong: Wrong| failure(wrong, &name, &op);
        if let Some(known) = self.at_the_end(node, &domain, &mut call).map_err(wrong)? {
            return self.put(node, vec![known], &name);
        }
        let rule = find(&domain, &op, &name, version)?;
        let is_read = |output: &String| self.readers.contains_key(output);
        let read: Vec<bool> = node.output.iter().map(is_read).collect();
        let known = self.read(rule.rule, &mut call, &read).map_err(wrong)?;
        call.finish().map_err(|error| wrong(error.into()))?;
        self.put(node, known, &name)
    }

    /// The values of a node's outputs, of which some are read.
    fn read(&mut self, rule: Rule, call: &mut Call, read: &[bool]) -> Result<Vec<Known>, Wrong> {
        let (name, op) = (call.name.clone(), call.op.clone());
        let mut lowering = Lowering { assembly: &mut self.assembly, node: &name, op: &op };
        Ok(match rule {
            Rule::Measure(measure) => {
                let shape = match call.take(0) {
                    Operand::Data(data) => data.shape,
                    Operand::Constant { tensor, .. } => tensor.shape().to_vec(),
                    Operand::Absent => return Err(missing()),
                };
                vec![constant(measure(call, &shape)?)]
            }
            Rule::SelectLayer(_) if call.is_data(0) => {
                vec![Known::Data(operators::lower_layer(call, &mut lowering)?)]
            }
            Rule::Select(select) | Rule::SelectLayer(select) => match call.take(0) {
                Operand::Data(data) => {
                    let selections = select(call, &data.shape)?.into_iter().zip(read);
                    let one = |(selection, &read): (Selection, &bool)| match selection {
                        // Nobody looks.
                        _ if !read => Ok(data.clone()),
                        Selection::Shape(shape) => lowering.reshape(&data, &shape),
                        Selection::Positions(positions) => lowering.select(&data, &positions),
                    };
                    let selected = selections.map(one).collect::<Result<Vec<_>, _>>()?;
                    selected.into_iter().map(Known::Data).collect()
                }
                Operand::Constant { tensor, .. } => {
                    let one = |selection| match selection {
                        Selection::Shape(shape) if shape == tensor.shape() => {
                            Known::Constant(Rc::clone(&tensor))
                        }
                        Selection::Shape(shape) => {
                            constant(Tensor::clone(&tensor).reshaped(&shape))
                        }
                        Selection::Positions(positions) => constant(tensor.picked(&positions)),
                    };
                    select(call, tensor.shape())?.into_iter().map(one).collect()
                }
                Operand::Absent => return Err(missing()),
            },
            Rule::Compute(fold, _) if call.is_constant() => vec![constant(fold(call)?)],
            Rule::Compute(_, lower) => vec![Known::Data(lower(call, &mut lowering)?)],
            Rule::Fold(fold, _) if call.is_constant() => vec![constant(fold(call)?)],
            Rule::Fold(_, reason) => return Err(operators::of_constants_only(reason)),
            Rule::Smooth if call.is_constant() => return Err(operators::smooth_constant()),
            Rule::Smooth => vec![Known::Data(operators::lower_layer(call, &mut lowering)?)],
        })
    }

    /// The operand of a node at the end that can be set aside, else nothing.
    fn at_the_end(
        &mut self,
        node: &NodeProto,
        domain: &str,
        call: &mut Call,
    ) -> Result<Option<Known>, Wrong> {
        let settable = operators::SETTABLE_ASIDE.iter().find(|(op, _)| *op == call.op);
        let Some(&(_, what_holds)) = settable.filter(|_| domain == operators::STANDARD) else {
            return Ok(None);
        };
        let output = node.output.first().cloned().unwrap_or_default();
        let last = self.graph.is_last(&output, call.op == "ArgMax");
        if !last || !call.is_data(0) || call.count() != 1 {
            return Ok(None);
        }
        let x = operators::set_aside(call)?;
        let (node, op) = (call.name.clone(), call.op.clone());
        self.set_aside.push(SetAside { node, op, output, what_holds });
        Ok(Some(Known::Data(x)))
    }

    /// The domain of a node and the version of its operator set.
    fn version(&self, node: &NodeProto, name: &str, op: &str) -> Result<(String, i64), Failure> {
        let domain = operators::domain_of(node.domain.as_deref());
        if let Some(&version) = self.graph.versions.get(domain)
            && operators::DOMAINS.iter().any(|(known, _)| *known == domain)
        {
            return Ok((domain.to_string(), version));
        }
        // Old files do not list the domains of others.
        if domain != operators::STANDARD && operators::find(domain, op).is_some() {
            return Ok((domain.to_string(), 1));
        }
        if domain == operators::STANDARD {
            let expected = "the version of the standard operator set (opset_import)";
            return Err(content("the file", "none", expected).into());
        }
        let place = format!("node '{}'", excerpt(name));
        let found = format!("operator '{}' of the domain '{}'", excerpt(op), excerpt(domain));
        Err(content(&place, found, "an operator of the ONNX standard").into())
    }

    fn operands(&mut self, node: &NodeProto, name: &str) -> Result<Vec<Operand>, Failure> {
        let mut operands = Vec::new();
        for operand in &node.input {
            operands.push(match self.value(operand)? {
                _ if operand.is_empty() => Operand::Absent,
                Some(Known::Data(data)) => Operand::Data(data),
                Some(Known::Constant(tensor)) => {
                    Operand::Constant { name: operand.clone(), tensor }
                }
                None => {
                    let (node, value) = (name.to_string(), operand.clone());
                    return Err(NetworkError::UnknownValue { node, value }.into());
                }
            });
        }
        Ok(operands)
    }

    /// Takes a value; a constant is kept no longer than it is read.
    pub fn value(&mut self, name: &str) -> Result<Option<Known>, Failure> {
        if name.is_empty() {
            return Ok(None);
        }
        if !self.known.contains_key(name)
            && let Some(tensor) = self.graph.constant(name, self.assembly.rows())?
        {
            self.known.insert(name.to_string(), Known::Constant(Rc::new(tensor)));
        }
        let left = self.readers.get_mut(name).map(|left| {
            *left = left.saturating_sub(1);
            *left
        });
        match (left, self.known.get(name)) {
            (Some(0), Some(Known::Constant(_))) => Ok(self.known.remove(name)),
            (_, known) => Ok(known.cloned()),
        }
    }

    /// Names the values of a node's outputs; those that nobody reads may be missing.
    fn put(&mut self, node: &NodeProto, known: Vec<Known>, name: &str) -> Result<(), Failure> {
        let mut known = known.into_iter();
        for (index, output) in node.output.iter().enumerate() {
            let value = known.next();
            if output.is_empty() || !self.readers.contains_key(output) {
                continue;
            }
            let Some(value) = value else {
                let op = excerpt(node.op_type.as_deref().unwrap_or_default()).into_owned();
                let place = format!("node '{}' ({op})", excerpt(name));
                let found = format!("output {index}, '{}', that others read", excerpt(output));
                return Err(content(&place, found, "only output 0 to be read").into());
            };
            if let Known::Constant(tensor) = &value {
                self.computed += tensor.len();
                let stored = self.graph.stored.saturating_mul(MOST_ELEMENTS);
                if self.computed > MOST_COMPUTED.max(stored) {
                    let found =
                        format!("{} elements of constants that are computed", self.computed);
                    let place = format!("node '{}'", excerpt(name));
                    return Err(content(&place, found, &format!("at most {MOST_COMPUTED}")).into());
                }
            }
            self.known.insert(output.clone(), value);
        }
        Ok(())
    }
}

fn constant(tensor: Tensor) -> Known {
    Known::Constant(Rc::new(tensor))
}

fn elements(operand: &Operand) -> usize {
    match operand {
        Operand::Constant { tensor, .. } => tensor.len(),
        Operand::Data(_) | Operand::Absent => 0,
    }
}

fn missing() -> Wrong {
    super::call::wrong_operand(0, &Operand::Absent, "a tensor").into()
}

/// The rule of an operator that is known in this version.
fn find(
    domain: &str,
    op: &str,
    node: &str,
    version: i64,
) -> Result<&'static OperatorRule, Failure> {
    let Some(rule) = operators::find(domain, op) else {
        return Err(match operators::reason(op) {
            Some((reason, expected)) => {
                let cause =
                    LayerError::Shape { found: reason.to_string(), expected: expected.to_string() };
                NetworkError::Layer { node: node.to_string(), op: op.to_string(), cause }.into()
            }
            None => NetworkError::UnknownOperator {
                node: node.to_string(),
                op: op.to_string(),
                supported: operators::supported(),
            }
            .into(),
        });
    };
    if version < rule.since {
        let found = format!("the form of operator set {version}");
        let expected = format!("that of {} or newer", rule.since);
        let cause = LayerError::Shape { found, expected };
        return Err(
            NetworkError::Layer { node: node.to_string(), op: op.to_string(), cause }.into()
        );
    }
    Ok(rule)
}
