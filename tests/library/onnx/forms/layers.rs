//! A layer as products and sums.

use super::constants::whole;
use super::{Batch, Forms, Value};
use crate::exact::Layer;

/// out × in.
type Matrix = Vec<Vec<f64>>;

impl Forms {
    /// The values of a layer that reads those before it.
    pub(super) fn layer(&mut self, values: &[Value], layer: &Layer) -> Value {
        let before = values.len() - 1;
        let sources: Vec<Value> = [before]
            .iter()
            .chain(&layer.skips)
            .map(|&number| self.passed(values[number].clone()))
            .collect();
        let name = match sources.as_slice() {
            [source] => self.affine(source, &layer.weights, &layer.bias),
            _ => match self.choose(&["sources: beside each other", "sources: a product each"]) {
                "sources: beside each other" => {
                    let names: Vec<&str> = sources.iter().map(|s| s.name.as_str()).collect();
                    let name = self.apply_with("Concat", &names, |node| node.integer("axis", 1));
                    let size = sources.iter().map(|source| source.size).sum();
                    self.affine(&Value { name, size }, &layer.weights, &layer.bias)
                }
                _ => self.sum_of_products(&sources, layer),
            },
        };
        let sum = self.passed(Value { name, size: layer.bias.len() });
        let value = self.activation(layer.activation, sum);
        Value { name: value, size: layer.size() }
    }

    fn sum_of_products(&mut self, sources: &[Value], layer: &Layer) -> String {
        let mut start = 0;
        let mut terms = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let columns = start..start + source.size;
            start += source.size;
            let part: Matrix =
                layer.weights.iter().map(|row| row[columns.clone()].to_vec()).collect();
            terms.push(match number {
                0 => self.affine(source, &part, &layer.bias),
                _ => self.product(source, &part),
            });
        }
        match self.choose(&["terms: Sum", "terms: Add"]) {
            "terms: Sum" => {
                let names: Vec<&str> = terms.iter().map(String::as_str).collect();
                self.apply("Sum", &names)
            }
            _ => {
                let mut terms = terms.into_iter();
                let first = terms.next().expect("a term");
                terms.fold(first, |sum, term| self.of_two("Add", &sum, &term))
            }
        }
    }

    /// `weights · value + bias`.
    fn affine(&mut self, value: &Value, weights: &Matrix, bias: &[f64]) -> String {
        match self.choose(&["affine: Gemm", "affine: Conv", "affine: sum", "affine: sum"]) {
            "affine: Gemm" => self.gemm(value, weights, bias),
            "affine: Conv" => self.convolution(value, weights, bias),
            _ => {
                let product = self.product(value, weights);
                self.with_bias(&product, bias)
            }
        }
    }

    fn with_bias(&mut self, value: &str, bias: &[f64]) -> String {
        let form = self.choose(&["bias: Add", "bias: Sub", "bias: of one row"]);
        let negative: Vec<f64> = bias.iter().map(|b| -b).collect();
        match form {
            "bias: Sub" => {
                let bias = self.numbers(&[bias.len()], &negative);
                self.apply("Sub", &[value, &bias])
            }
            form => {
                let row = [1, bias.len()];
                let dims = if form == "bias: Add" { &row[1..] } else { &row[..] };
                let bias = self.numbers(dims, bias);
                self.of_two("Add", value, &bias)
            }
        }
    }

    fn gemm(&mut self, value: &Value, weights: &Matrix, bias: &[f64]) -> String {
        let turned = self.chance(0.5);
        // Powers of two, so that nothing is rounded.
        let (alpha, beta) = (self.power(), self.power());
        let matrix = self.matrix(weights, turned, 1.0 / f64::from(alpha));
        let bias: Vec<f64> = bias.iter().map(|b| b / f64::from(beta)).collect();
        let row = [1, bias.len()];
        let flat = self.chance(0.5);
        let bias = self.numbers(if flat { &row[1..] } else { &row }, &bias);
        self.apply_with("Gemm", &[&value.name, &matrix, &bias], |node| {
            let node = if turned { node.integer("transB", 1) } else { node };
            let node = if alpha == 1.0 { node } else { node.float("alpha", alpha) };
            if beta == 1.0 { node } else { node.float("beta", beta) }
        })
    }

    fn power(&mut self) -> f32 {
        [1.0, 1.0, 0.5, 4.0][rand::RngExt::random_range(&mut self.random, 0..4)]
    }

    /// A constant: out × in where `turned`, else in × out.
    fn matrix(&mut self, weights: &Matrix, turned: bool, factor: f64) -> String {
        let (rows, columns) = (weights.len(), weights[0].len());
        if turned {
            let flat: Vec<f64> = weights.iter().flatten().map(|w| w * factor).collect();
            return self.numbers(&[rows, columns], &flat);
        }
        let flat: Vec<f64> =
            (0..rows * columns).map(|place| weights[place % rows][place / rows] * factor).collect();
        self.numbers(&[columns, rows], &flat)
    }

    /// As a convolution with windows of one pixel.
    fn convolution(&mut self, value: &Value, weights: &Matrix, bias: &[f64]) -> String {
        let (rows, columns) = (weights.len(), weights[0].len());
        let image = self.reshaped(&value.name, &[-1, whole(columns), 1, 1]);
        let flat: Vec<f64> = weights.concat();
        let kernel = self.numbers(&[rows, columns, 1, 1], &flat);
        let bias = self.numbers(&[rows], bias);
        let result = self.apply("Conv", &[&image, &kernel, &bias]);
        self.flat(Value { name: result, size: rows }).name
    }

    /// `weights · value`.
    fn product(&mut self, value: &Value, weights: &Matrix) -> String {
        let mut forms = vec![
            "product: MatMul",
            "product: with an axis more",
            "product: FusedMatMul",
            "product: element by element",
        ];
        if self.batch != Batch::Three {
            forms.push("product: from the left");
        }
        if self.operator_set >= 12 {
            forms.push("product: Einsum");
        }
        if value.size > 1 {
            forms.push("product: by columns");
        }
        let x = value.name.as_str();
        match self.choose(&forms) {
            "product: with an axis more" => {
                let x = self.unsqueezed(x, &[1]);
                let matrix = self.matrix(weights, false, 1.0);
                let product = self.apply("MatMul", &[&x, &matrix]);
                self.squeezed(&product, &[1])
            }
            "product: FusedMatMul" => {
                let matrix = self.matrix(weights, true, 1.0);
                self.apply_with("FusedMatMul", &[x, &matrix], |node| {
                    node.domain("com.microsoft").integer("transB", 1)
                })
            }
            "product: element by element" => {
                let x = self.unsqueezed(x, &[1]);
                let matrix = self.matrix(weights, true, 1.0);
                let products = self.of_two("Mul", &x, &matrix);
                self.summed(&products)
            }
            "product: from the left" => {
                let column = self.transposed(x);
                let matrix = self.matrix(weights, true, 1.0);
                let product = self.apply("MatMul", &[&matrix, &column]);
                self.transposed(&product)
            }
            "product: Einsum" => {
                let turned = self.chance(0.5);
                let matrix = self.matrix(weights, turned, 1.0);
                let equation = if turned { "bi,oi->bo" } else { "bi, io -> bo" };
                self.apply_with("Einsum", &[x, &matrix], |node| node.text("equation", equation))
            }
            "product: by columns" => {
                let first = self.random_place(value.size);
                let front = self.sliced(x, 0, first);
                let back = self.sliced(x, first, value.size);
                let part = |from: usize, to: usize| -> Matrix {
                    weights.iter().map(|row| row[from..to].to_vec()).collect()
                };
                let front = Value { name: front, size: first };
                let back = Value { name: back, size: value.size - first };
                let a = self.product(&front, &part(0, first));
                let b = self.product(&back, &part(first, value.size));
                self.of_two("Add", &a, &b)
            }
            _ => {
                let matrix = self.matrix(weights, false, 1.0);
                self.apply("MatMul", &[x, &matrix])
            }
        }
    }

    /// Sums along axis 2.
    fn summed(&mut self, value: &str) -> String {
        if self.operator_set < 13 {
            return self.apply_with("ReduceSum", &[value], |node| {
                node.integers("axes", &[2]).integer("keepdims", 0)
            });
        }
        let axes = self.integers(&[-1]);
        self.apply_with("ReduceSum", &[value, &axes], |node| node.integer("keepdims", 0))
    }

    /// Columns from one up to another.
    pub(super) fn sliced(&mut self, value: &str, from: usize, to: usize) -> String {
        let (from, to) = (whole(from), whole(to));
        if self.operator_set < 10 {
            return self.apply_with("Slice", &[value], |node| {
                node.integers("starts", &[from]).integers("ends", &[to]).integers("axes", &[1])
            });
        }
        let [from, to, axes] = [[from], [to], [1]].map(|list| self.integers(&list));
        self.apply("Slice", &[value, &from, &to, &axes])
    }
}
