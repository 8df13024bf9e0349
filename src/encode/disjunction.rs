//! The convex hull of the linear pieces of one neuron, in more variables.
//!
//! Every point `(x, y)` of a neuron lies on one of its pieces: off (`L ≤ a ≤ 0`,
//! `y = 0`), linear (`max(L, 0) ≤ a ≤ min(U, c)`, `y = a`) or saturated (`c ≤ a ≤ U`,
//! `y = c`). With a share `λ^j ∈ {0, 1}` of every piece, `Σⱼ λ^j = 1`, and the
//! pre-activation `a = b + Σₖ vₖ sₖ` a sum of summands `sₖ ∈ [lₖ, uₖ]`, each of which is
//! divided among the pieces:
//!
//! ```text
//! sₖ = Σⱼ sₖ^j                        lₖ λ^j ≤ sₖ^j ≤ uₖ λ^j
//! α^j λ^j ≤ a^j ≤ β^j λ^j             a^j = b λ^j + Σₖ vₖ sₖ^j,  a ∈ [α^j, β^j] on piece j
//! y = a^linear + c λ^saturated
//! ```
//!
//! This is the convex hull of the pieces in the space of `(s, y, λ)`, and ideal:
//! where the relaxation is optimised over these, some optimum has whole `λ`. Source:
//! Balas, "Disjunctive programming: properties of the convex hull of feasible points"
//! (1998), doi 10.1016/S0166-218X(98)00136-X.
//!
//! The shares are `1 − z, z` for a ReLU, and `1 − z₁, m, z₂` for a clipped one, with
//! `m = z₁ − z₂`, or `m = 1 − z₂` where `L ≥ 0` leaves only two pieces. The column `m`
//! is there because `b m + c z₂` over the binaries alone would have the coefficient
//! `c − b`, which may have to be rounded.

use std::ops::Range;

use super::rows::NeuronRows;
use crate::milp::{LinearExpression, VarId};
use crate::num::Interval;
use crate::num::directed::{sum_down, sum_up};

/// A linear piece of the activation.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its name in names of columns and rows.
    pub name: &'static str,
    /// The pre-activations of which a forward pass says that they lie on it.
    pub when: Range<f64>,
    share: Share,
    /// `a` on the piece.
    range: Interval,
}

/// How the share `λ` of a piece is written.
#[derive(Clone, Copy, Debug)]
enum Share {
    /// A column.
    Column(VarId),
    /// 1 minus a column.
    Rest(VarId),
}

impl Piece {
    fn new(name: &'static str, share: Share, range: (f64, f64), when: Range<f64>) -> Self {
        let range = Interval::new(range.0, range.1).expect("pieces of an unstable neuron");
        Self { name, when, share, range }
    }

    /// `Σ terms + factor · λ`.
    fn with_share(&self, mut terms: Vec<(VarId, f64)>, factor: f64) -> LinearExpression {
        let (term, constant) = match self.share {
            Share::Column(column) => ((column, factor), 0.0),
            Share::Rest(column) => ((column, -factor), factor),
        };
        terms.push(term);
        LinearExpression::new(terms, constant)
    }
}

/// The pieces of a neuron, in the order of `a`.
#[derive(Clone, Debug)]
pub struct Pieces {
    all: Vec<Piece>,
    /// Which of them is the linear one; a saturated one comes after it.
    linear: usize,
}

/// A summand `factor · s` of the pre-activation.
#[derive(Clone, Debug)]
pub struct Summand {
    /// Its name in names of rows.
    pub name: String,
    /// 1, or the weight of a single column `s`, so that no product is rounded.
    pub factor: f64,
    /// The values of `s`.
    pub range: Interval,
    /// What each piece has of `s`: terms without a constant.
    pub parts: Vec<Vec<(VarId, f64)>>,
}

impl Pieces {
    /// Adds the binaries and, for a clipped ReLU, `m`.
    pub fn add(rows: &mut NeuronRows<'_>) -> Self {
        let (lower, upper) = rows.pre_activation();
        let mut all = Vec::new();
        let below_zero = f64::NEG_INFINITY..0.0;
        let Some(ceiling) = rows.neuron.ceiling else {
            let z = rows.indicator("z", 0.0);
            all.push(Piece::new("off", Share::Rest(z), (lower, 0.0), below_zero));
            let above_zero = 0.0..f64::INFINITY;
            all.push(Piece::new("linear", Share::Column(z), (0.0, upper), above_zero));
            return Self { all, linear: 1 };
        };
        let z1 = (lower < 0.0).then(|| rows.indicator("z", 0.0));
        let z2 = rows.indicator("s", ceiling);
        let start = if z1.is_some() { 0.0 } else { f64::NEG_INFINITY };
        let m = add_middle(rows, start..ceiling, z1, z2);
        all.extend(z1.map(|z1| Piece::new("off", Share::Rest(z1), (lower, 0.0), below_zero)));
        let linear = all.len();
        let range = (lower.max(0.0), ceiling);
        all.push(Piece::new("linear", Share::Column(m), range, start..ceiling));
        let above = ceiling..f64::INFINITY;
        all.push(Piece::new("saturated", Share::Column(z2), (ceiling, upper), above));
        Self { all, linear }
    }

    /// The pieces.
    pub fn iter(&self) -> impl Iterator<Item = &Piece> {
        self.all.iter()
    }

    /// Adds the rows that tie pieces, summands and output together; that the parts of
    /// a summand add up to it is left to the caller.
    pub fn add_hull(&self, rows: &mut NeuronRows<'_>, summands: &[Summand]) {
        let bias = rows.neuron.bias;
        for (j, piece) in self.all.iter().enumerate() {
            for summand in summands {
                let (lower, upper) = (summand.range.lower(), summand.range.upper());
                let minus = |limit: f64| piece.with_share(summand.parts[j].clone(), -limit);
                let name = format!("{}.{}", piece.name, summand.name);
                rows.at_least(&format!("{name}.above"), minus(lower), 0.0);
                rows.at_most(&format!("{name}.below"), minus(upper), 0.0);
            }
            let (lower, upper) = (piece.range.lower(), piece.range.upper());
            // Where a^j is y − c λ, nothing needs rounding.
            let (least, largest) = if j == self.linear {
                let linear = |limit: f64| piece.with_share(self.linear_part(rows), -limit);
                (linear(lower), linear(upper))
            } else {
                let total = |factor| piece.with_share(total(summands, j), factor);
                (total(sum_up(bias, -lower)), total(sum_down(bias, -upper)))
            };
            rows.at_least(&format!("{}.above", piece.name), least, 0.0);
            rows.at_most(&format!("{}.below", piece.name), largest, 0.0);
        }
        let mut terms = total(summands, self.linear);
        terms.extend(self.linear_part(rows).iter().map(|&(column, c)| (column, -c)));
        rows.equal_zero("is", self.all[self.linear].with_share(terms, bias));
    }

    /// `a^linear = y − c λ^saturated`.
    fn linear_part(&self, rows: &NeuronRows<'_>) -> Vec<(VarId, f64)> {
        let saturated = self.all.get(self.linear + 1).zip(rows.neuron.ceiling);
        let saturated = saturated.map(|(piece, c)| piece.with_share(Vec::new(), -c).terms);
        [rows.y(&[]).terms, saturated.unwrap_or_default()].concat()
    }
}

/// The share `m` of the linear piece of a clipped ReLU.
fn add_middle(rows: &mut NeuronRows<'_>, when: Range<f64>, z1: Option<VarId>, z2: VarId) -> VarId {
    let one = LinearExpression { terms: Vec::new(), constant: 1.0 };
    let bounds = Interval::new(0.0, 1.0).expect("0 ≤ 1");
    let m = rows.auxiliary(format!("m{}", rows.neuron.label), bounds, when, one);
    let mut shares = vec![(m, 1.0), (z2, 1.0)];
    shares.extend(z1.map(|z1| (z1, -1.0)));
    let constant = if z1.is_some() { 0.0 } else { -1.0 };
    rows.equal_zero("shares", LinearExpression::new(shares, constant));
    m
}

/// `Σₖ vₖ sₖ^j` of piece `j`.
fn total(summands: &[Summand], j: usize) -> Vec<(VarId, f64)> {
    let scaled = |summand: &Summand| {
        let factor = summand.factor;
        summand.parts[j].iter().map(move |&(column, c)| (column, factor * c)).collect::<Vec<_>>()
    };
    summands.iter().flat_map(scaled).collect()
}
