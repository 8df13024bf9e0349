//! Where constants stand, and in which form.

use super::Forms;
use crate::support::onnx::{
    DOUBLE, FLOAT, Message, Node, doubles, floats, int64s, raw, tensor, typed_doubles,
    typed_floats, typed_int64s,
};

impl Forms {
    /// Numbers of the file's type, which holds them; the name of the value.
    pub(super) fn numbers(&mut self, dims: &[usize], values: &[f64]) -> String {
        assert_eq!(dims.iter().product::<usize>(), values.len(), "one number a place");
        let mut forms = vec![
            "constant: initialiser",
            "constant: initialiser",
            "constant: node",
            "constant: beside the file",
            "constant: identity",
            "constant: cast",
            "constant: reshaped",
            "constant: negated",
        ];
        if dims.len() == 2 {
            forms.push("constant: transposed");
        }
        if dims.len() == 1 && self.kind == FLOAT && self.operator_set >= 12 {
            forms.push("constant: list");
        }
        if dims.first().is_some_and(|&d| d > 1) {
            forms.push("constant: two parts");
        }
        match self.choose(&forms) {
            "constant: node" => {
                let value = self.message("", self.kind, dims, values);
                self.apply_with("Constant", &[], |node| node.tensor("value", value))
            }
            "constant: list" => {
                let single: Vec<f32> = values.iter().map(|&v| v as f32).collect();
                self.apply_with("Constant", &[], |node| node.floats("value_floats", &single))
            }
            "constant: beside the file" => self.external(dims, values),
            "constant: identity" => {
                let plain = self.initialiser(self.kind, dims, values);
                self.apply("Identity", &[&plain])
            }
            "constant: cast" => {
                let other = if self.kind == FLOAT { DOUBLE } else { FLOAT };
                let plain = self.initialiser(other, dims, values);
                let kind = self.kind;
                self.apply_with("Cast", &[&plain], |node| node.integer("to", kind))
            }
            "constant: reshaped" => {
                let flat = self.initialiser(self.kind, &[values.len()], values);
                let shape: Vec<i64> = dims.iter().map(|&d| whole(d)).collect();
                self.reshaped(&flat, &shape)
            }
            "constant: negated" => {
                let negative: Vec<f64> = values.iter().map(|v| -v).collect();
                let plain = self.initialiser(self.kind, dims, &negative);
                self.apply("Neg", &[&plain])
            }
            "constant: transposed" => {
                let (rows, columns) = (dims[0], dims[1]);
                let turned: Vec<f64> = (0..values.len())
                    .map(|place| values[place % rows * columns + place / rows])
                    .collect();
                let plain = self.initialiser(self.kind, &[columns, rows], &turned);
                self.transposed(&plain)
            }
            "constant: two parts" => {
                let row = values.len() / dims[0];
                let first = self.random_place(dims[0]);
                let (front, back) = values.split_at(first * row);
                let part = |length: usize| [&[length], &dims[1..]].concat();
                let front = self.initialiser(self.kind, &part(first), front);
                let back = self.initialiser(self.kind, &part(dims[0] - first), back);
                self.apply_with("Concat", &[&front, &back], |node| node.integer("axis", 0))
            }
            _ => self.initialiser(self.kind, dims, values),
        }
    }

    /// One number: a scalar or a list of one.
    pub(super) fn number(&mut self, value: f64) -> String {
        if self.chance(0.5) { self.numbers(&[], &[value]) } else { self.numbers(&[1], &[value]) }
    }

    /// Whole numbers; the name of the value.
    pub(super) fn integers(&mut self, values: &[i64]) -> String {
        let mut forms = vec!["whole numbers: raw", "whole numbers: typed", "whole numbers: node"];
        if self.operator_set >= 12 {
            forms.push("whole numbers: list");
        }
        match self.choose(&forms) {
            "whole numbers: node" => {
                let value = int64s("", values);
                self.apply_with("Constant", &[], |node| node.tensor("value", value))
            }
            "whole numbers: list" => {
                self.apply_with("Constant", &[], |node| node.integers("value_ints", values))
            }
            form => {
                let name = self.name();
                let typed = form == "whole numbers: typed";
                let tensor =
                    if typed { typed_int64s(&name, values) } else { int64s(&name, values) };
                self.constant(tensor);
                name
            }
        }
    }

    /// A place from 1 on and below `length`.
    pub(super) fn random_place(&mut self, length: usize) -> usize {
        rand::RngExt::random_range(&mut self.random, 1..length)
    }

    fn constant(&mut self, tensor: Message) {
        self.model = std::mem::take(&mut self.model).constant(tensor);
    }

    fn initialiser(&mut self, kind: i64, dims: &[usize], values: &[f64]) -> String {
        let name = self.name();
        let tensor = self.message(&name, kind, dims, values);
        self.constant(tensor);
        // As old files do.
        if self.chance(0.1) {
            let shape: Vec<i64> = dims.iter().map(|&d| whole(d)).collect();
            self.model = std::mem::take(&mut self.model).input(&name, kind, &shape);
        }
        name
    }

    fn message(&mut self, name: &str, kind: i64, dims: &[usize], values: &[f64]) -> Message {
        let dims: Vec<i64> = dims.iter().map(|&d| whole(d)).collect();
        let single: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        match (kind == FLOAT, self.chance(0.5)) {
            (true, true) => floats(name, &dims, &single),
            (true, false) => typed_floats(name, &dims, &single),
            (false, true) => doubles(name, &dims, values),
            (false, false) => typed_doubles(name, &dims, values),
        }
    }

    /// A constant whose bytes stand in the file beside.
    fn external(&mut self, dims: &[usize], values: &[f64]) -> String {
        let bytes = match self.kind == FLOAT {
            true => {
                let single: Vec<f32> = values.iter().map(|&v| v as f32).collect();
                raw(&single, f32::to_le_bytes)
            }
            false => raw(values, f64::to_le_bytes),
        };
        let (offset, length) = (self.beside.len().to_string(), bytes.len().to_string());
        self.beside.extend(bytes);
        let name = self.name();
        let dims: Vec<i64> = dims.iter().map(|&d| whole(d)).collect();
        let entries = [("location", "weights"), ("offset", &offset), ("length", &length)];
        let entry = |tensor: Message, (key, value): (&str, &str)| {
            tensor.message(13, Message::default().bytes(1, key).bytes(2, value))
        };
        let tensor = entries.into_iter().fold(tensor(&name, self.kind, &dims), entry);
        self.constant(tensor.integer(14, 1));
        name
    }

    pub(super) fn transposed(&mut self, matrix: &str) -> String {
        let stated = self.chance(0.5);
        let perm = |node: Node| if stated { node.integers("perm", &[1, 0]) } else { node };
        self.apply_with("Transpose", &[matrix], perm)
    }

    pub(super) fn reshaped(&mut self, value: &str, shape: &[i64]) -> String {
        let shape = self.integers(shape);
        self.apply("Reshape", &[value, &shape])
    }

    /// Takes axes of length 1 away, by attribute or operand.
    pub(super) fn squeezed(&mut self, value: &str, axes: &[i64]) -> String {
        self.with_axes("Squeeze", value, axes)
    }

    /// Adds axes of length 1.
    pub(super) fn unsqueezed(&mut self, value: &str, axes: &[i64]) -> String {
        self.with_axes("Unsqueeze", value, axes)
    }

    fn with_axes(&mut self, op: &str, value: &str, axes: &[i64]) -> String {
        if self.operator_set < 13 {
            return self.apply_with(op, &[value], |node| node.integers("axes", axes));
        }
        let axes = self.integers(axes);
        self.apply(op, &[value, &axes])
    }
}

pub(super) fn whole(size: usize) -> i64 {
    i64::try_from(size).expect("a small size")
}
