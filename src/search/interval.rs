//! Interval propagation over a tape: `[W c + b ∓ (|W| r + rounding)]` for centers `c` and radii
//! `r` of the operands, as in [`crate::bounds`].

use ndarray::Array1;

use super::aligned::Aligned;
use super::kernel::add_ranges;
use super::tape::{Kind, Matrix, Step, Sum, Tape, padded};
use crate::num::rounding::{above, below};

/// Centers and radii of all neurons.
#[derive(Debug)]
pub struct Centered {
    center: Aligned,
    radius: Aligned,
    /// Sums of the step at hand.
    sums: [Aligned; 2],
}

impl Centered {
    /// Room for those of a tape.
    pub fn new(tape: &Tape) -> Self {
        let widest = tape.steps.iter().map(|step| padded(step.size)).max().unwrap_or(0);
        let zeros = Aligned::zeros;
        Self {
            center: zeros(tape.length),
            radius: zeros(tape.length),
            sums: [zeros(widest), zeros(widest)],
        }
    }

    /// Takes the ranges of a step.
    pub fn take(&mut self, step: &Step, lower: &[f64], upper: &[f64]) {
        for at in step.span() {
            let (l, u) = (lower[at], upper[at]);
            let center = 0.5 * l + 0.5 * u;
            let radius = (center - l).max(u - center);
            self.center[at] = center;
            // The difference may have been rounded down.
            self.radius[at] = radius + 2.0 * f64::EPSILON * radius;
        }
    }

    /// Narrows the ranges of an affine step to what those of its operands leave; whether
    /// anything is left of each.
    pub fn narrow(
        &mut self,
        tape: &Tape,
        step: &Step,
        sum: &Sum,
        lower: &mut [f64],
        upper: &mut [f64],
    ) -> bool {
        let height = padded(step.size);
        let [centers, radii] = &mut self.sums;
        let (centers, radii) = (&mut centers[..height], &mut radii[..height]);
        centers.copy_from_slice(&sum.bias);
        radii.fill(0.0);
        for (from, matrix) in &sum.terms {
            let span = tape.steps[*from].span();
            let (c, r) = (&self.center[span.clone()], &self.radius[span]);
            match matrix {
                Matrix::Dense { columns, .. } => add_ranges(columns, [c, r], [centers, radii]),
                Matrix::Structured(linear) => {
                    let (c, r) = (Array1::from(c.to_vec()), Array1::from(r.to_vec()));
                    let mut products = Array1::zeros(linear.outputs());
                    linear.add_absolute_product(&r, &mut products);
                    radii.iter_mut().zip(&products).for_each(|(sum, add)| *sum += add);
                    let mut products = ndarray::Array2::zeros((1, linear.outputs()));
                    linear.add_product(c.insert_axis(ndarray::Axis(0)).view(), products.view_mut());
                    centers.iter_mut().zip(&products).for_each(|(sum, add)| *sum += add);
                }
            }
        }
        let mut is_something = true;
        for (index, at) in step.span().enumerate() {
            let error = radii[index] + sum.forward_error[index];
            // Where a sum overflowed there is no number, and what was known stays.
            lower[at] = lower[at].max(below(centers[index], error));
            upper[at] = upper[at].min(above(centers[index], error));
            is_something &= lower[at] <= upper[at];
        }
        is_something
    }

    /// Ranges of an activation from those of its pre-activations.
    pub fn activate(step: &Step, pre: &Step, lower: &mut [f64], upper: &mut [f64]) {
        let Kind::Activation { ceilings, .. } = &step.kind else { return };
        for (index, &ceiling) in ceilings.iter().enumerate() {
            let (from, to) = (pre.start + index, step.start + index);
            lower[to] = lower[from].max(0.0).min(ceiling);
            upper[to] = upper[from].max(0.0).min(ceiling);
        }
    }
}
