//! Passes of the network at a point, in flat arrays: its own, and with lines for activations.

use super::kernel::add_product;
use super::layout::{Layout, Room};
use super::tape::{Kind, Matrix, Step};

impl Layout {
    /// The network's own pass at a point; the values of the rows.
    pub fn evaluate<'a>(&self, input: &[f64], values: &'a mut [f64]) -> &'a [f64] {
        self.forward(input, values, |step, pre, values| {
            let Kind::Activation { ceilings, .. } = &step.kind else { return };
            for (index, &ceiling) in ceilings.iter().enumerate() {
                values[step.start + index] = values[pre.start + index].max(0.0).min(ceiling);
            }
        });
        &values[self.tape.steps[self.rows].span()]
    }

    /// Values with every activation replaced by the line that row 0 met.
    pub fn relaxed_values(&self, input: &[f64], room: &mut Room) {
        let (trace, lines, below) = (room.rows.trace(), &room.lines, &room.below);
        self.forward(input, &mut room.values, |step, pre, values| {
            for index in 0..step.size {
                let (at, a) = (step.start + index, values[pre.start + index]);
                values[at] = match trace[at] >= 0.0 {
                    true => below[at] * a + lines.under[at],
                    false => lines.above[at] * a + lines.over[at],
                };
            }
        });
    }

    /// Whether the rows of a pass keep their limits, as far as `f64` can tell.
    pub fn keeps_limits(&self, values: &[f64]) -> bool {
        let rows = &values[self.tape.steps[self.rows].span()];
        rows.iter().zip(&self.limits).all(|(value, limit)| limit.contains(*value))
    }

    fn forward(
        &self,
        input: &[f64],
        values: &mut [f64],
        mut activate: impl FnMut(&Step, &Step, &mut [f64]),
    ) {
        let tape = &self.tape;
        values[..input.len()].copy_from_slice(input);
        for step in &tape.steps {
            match &step.kind {
                Kind::Input => {}
                Kind::Affine(sum) => {
                    let (before, here) = values.split_at_mut(step.start);
                    let here = &mut here[..sum.bias.len()];
                    here.copy_from_slice(&sum.bias);
                    for (from, matrix) in &sum.terms {
                        let x = &before[tape.steps[*from].span()];
                        match matrix {
                            Matrix::Dense { columns, .. } => add_product(columns, x, here),
                            Matrix::Structured(linear) => {
                                let x = ndarray::ArrayView2::from_shape((1, x.len()), x);
                                let to = &mut here[..step.size];
                                let to = ndarray::ArrayViewMut2::from_shape((1, step.size), to);
                                if let (Ok(x), Ok(to)) = (x, to) {
                                    linear.add_product(x, to);
                                }
                            }
                        }
                    }
                }
                Kind::Activation { from, .. } => activate(step, &tape.steps[*from], values),
            }
        }
    }
}
