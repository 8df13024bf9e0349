//! Activations by other operators of equal value.

use super::constants::whole;
use super::{Forms, Value};
use crate::exact::Activation;

impl Forms {
    /// The activation of pre-activations; the name of the value.
    pub(super) fn activation(&mut self, activation: Activation, value: Value) -> String {
        match activation {
            Activation::Linear => value.name,
            Activation::Relu => self.relu(&value.name),
            Activation::Leaky(alpha) => self.leaky(&value, alpha),
            Activation::Clip(ceiling) => self.clipped(&value.name, ceiling),
            Activation::Max(size) => self.largest(&value, size),
        }
    }

    fn relu(&mut self, x: &str) -> String {
        let mut forms = vec![
            "relu: Relu",
            "relu: Relu",
            "relu: Clip",
            "relu: Max",
            "relu: PRelu",
            "relu: LeakyRelu",
            "relu: half of a sum",
            "relu: from below",
            "relu: what Min leaves",
        ];
        if self.operator_set >= 10 {
            forms.push("relu: ThresholdedRelu");
        }
        match self.choose(&forms) {
            "relu: Clip" => self.clip(x, Some(0.0), None),
            "relu: Max" => self.with_number("Max", x, 0.0),
            "relu: PRelu" => {
                let slope = self.numbers(&[1], &[0.0]);
                self.apply("PRelu", &[x, &slope])
            }
            "relu: LeakyRelu" => {
                self.apply_with("LeakyRelu", &[x], |node| node.float("alpha", 0.0))
            }
            "relu: half of a sum" => {
                let magnitude = self.apply("Abs", &[x]);
                let sum = self.of_two("Add", x, &magnitude);
                if self.chance(0.5) {
                    return self.with_number("Mul", &sum, 0.5);
                }
                let two = self.number(2.0);
                self.apply("Div", &[&sum, &two])
            }
            "relu: from below" => {
                let negative = self.apply("Neg", &[x]);
                let least = self.with_number("Min", &negative, 0.0);
                self.apply("Neg", &[&least])
            }
            "relu: what Min leaves" => {
                let least = self.with_number("Min", x, 0.0);
                self.apply("Sub", &[x, &least])
            }
            "relu: ThresholdedRelu" => {
                self.apply_with("ThresholdedRelu", &[x], |node| node.float("alpha", 0.0))
            }
            _ => self.apply("Relu", &[x]),
        }
    }

    fn leaky(&mut self, value: &Value, alpha: f64) -> String {
        let x = value.name.as_str();
        let forms = ["leaky: LeakyRelu", "leaky: PRelu", "leaky: Max", "leaky: difference"];
        match self.choose(&forms) {
            "leaky: LeakyRelu" => {
                self.apply_with("LeakyRelu", &[x], |node| node.float("alpha", alpha as f32))
            }
            "leaky: PRelu" => {
                let many = self.chance(0.5);
                let dims = [if many { value.size } else { 1 }];
                let slope = self.numbers(&dims, &vec![alpha; dims[0]]);
                self.apply("PRelu", &[x, &slope])
            }
            "leaky: Max" => {
                let below = self.with_number("Mul", x, alpha);
                self.of_two("Max", x, &below)
            }
            _ => {
                let negative = self.apply("Neg", &[x]);
                let (above, below) = (self.relu(x), self.relu(&negative));
                let below = self.with_number("Mul", &below, alpha);
                self.apply("Sub", &[&above, &below])
            }
        }
    }

    fn clipped(&mut self, x: &str, ceiling: f64) -> String {
        match self.choose(&["clip: Clip", "clip: Min", "clip: difference", "clip: from above"]) {
            "clip: Clip" => self.clip(x, Some(0.0), Some(ceiling)),
            "clip: Min" => {
                let above = self.relu(x);
                self.with_number("Min", &above, ceiling)
            }
            "clip: difference" => {
                let beyond = self.with_number("Add", x, -ceiling);
                let (above, beyond) = (self.relu(x), self.relu(&beyond));
                self.apply("Sub", &[&above, &beyond])
            }
            _ => {
                let above = self.relu(x);
                let number = self.number(ceiling);
                let rest = self.apply("Sub", &[&number, &above]);
                let rest = self.relu(&rest);
                let number = self.number(ceiling);
                self.apply("Sub", &[&number, &rest])
            }
        }
    }

    /// `Clip` with limits as attributes or operands.
    fn clip(&mut self, x: &str, least: Option<f64>, largest: Option<f64>) -> String {
        if self.operator_set < 11 {
            return self.apply_with("Clip", &[x], |node| {
                let node = least.into_iter().fold(node, |node, v| node.float("min", v as f32));
                largest.into_iter().fold(node, |node, v| node.float("max", v as f32))
            });
        }
        let mut limit =
            |limit: Option<f64>| limit.map_or(String::new(), |v| self.numbers(&[], &[v]));
        let (least, largest) = (limit(least), limit(largest));
        let operands = [x, &least, &largest];
        let count = if largest.is_empty() { 2 } else { 3 };
        self.apply("Clip", &operands[..count])
    }

    fn with_number(&mut self, op: &str, x: &str, number: f64) -> String {
        let number = self.number(number);
        self.of_two(op, x, &number)
    }

    /// The largest of each `size` values in a row.
    fn largest(&mut self, value: &Value, size: usize) -> String {
        let groups = value.size / size;
        let mut forms = vec!["largest: ReduceMax", "largest: MaxPool", "largest: GlobalMaxPool"];
        if size == 2 {
            forms.push("largest: Max");
        }
        let form = self.choose(&forms);
        let x = value.name.as_str();
        let apart = self.reshaped(x, &[-1, whole(groups), whole(size)]);
        let flat = |name| Value { name, size: groups };
        match form {
            "largest: MaxPool" => {
                let pooled = self.apply_with("MaxPool", &[&apart], |node| {
                    node.integers("kernel_shape", &[whole(size)])
                });
                self.flat(flat(pooled)).name
            }
            "largest: GlobalMaxPool" => {
                let pooled = self.apply("GlobalMaxPool", &[&apart]);
                self.flat(flat(pooled)).name
            }
            "largest: Max" => {
                let [first, second] = [0, 1].map(|place| {
                    let place = self.integers(&[place]);
                    let taken = self
                        .apply_with("Gather", &[&apart, &place], |node| node.integer("axis", 2));
                    self.squeezed(&taken, &[2])
                });
                self.of_two("Max", &first, &second)
            }
            _ if self.operator_set < 18 => self.apply_with("ReduceMax", &[&apart], |node| {
                node.integers("axes", &[2]).integer("keepdims", 0)
            }),
            _ => {
                let axes = self.integers(&[2]);
                self.apply_with("ReduceMax", &[&apart, &axes], |node| node.integer("keepdims", 0))
            }
        }
    }
}
