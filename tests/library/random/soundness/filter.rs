//! Enclosures of the values of a network at many points: interval arithmetic in
//! `f64`, rounded outward after every operation.
//!
//! Shares nothing with the arithmetic under test. An operation that rounds
//! nothing is not widened, because bounds that hold without rounding are met
//! exactly: the difference of two equal pixels is 0.

use taut::network::{Node, ReluGraph};

/// A network, prepared for [`Filter::enclosures`].
pub struct Filter(Vec<Step>);

enum Step {
    Input(usize),
    Affine(Vec<Row>),
    /// An activation, with ceilings where it has them.
    Activation {
        input: usize,
        ceilings: Option<Vec<f64>>,
    },
}

struct Row {
    bias: f64,
    terms: Vec<Term>,
}

struct Term {
    node: usize,
    column: usize,
    weight: f64,
}

/// For each point an interval that contains the value of one neuron.
pub struct Enclosures {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Filter {
    pub fn new(graph: &ReluGraph) -> Self {
        let step = |node: &Node| match node {
            Node::Input { size } => Step::Input(*size),
            Node::Affine(affine) => {
                let row = |(row, &bias): (usize, &f64)| {
                    let terms = affine.terms.iter().flat_map(|(input, linear)| {
                        let node = input.index();
                        let entries = linear.row(row).into_iter();
                        entries.map(move |(column, weight)| Term { node, column, weight })
                    });
                    Row { bias, terms: terms.collect() }
                };
                Step::Affine(affine.bias.iter().enumerate().map(row).collect())
            }
            Node::Relu { input } => Step::Activation { input: input.index(), ceilings: None },
            Node::Clip { input, ceiling } => {
                Step::Activation { input: input.index(), ceilings: Some(ceiling.to_vec()) }
            }
        };
        Self(graph.nodes().map(|(_, node)| step(node)).collect())
    }

    /// The values of each neuron of each node at the given points.
    pub fn enclosures(&self, points: &[Vec<f64>]) -> Vec<Vec<Enclosures>> {
        let mut nodes: Vec<Vec<Enclosures>> = Vec::new();
        for step in &self.0 {
            nodes.push(match step {
                Step::Input(size) => {
                    let coordinate = |index| {
                        let lower: Vec<f64> = points.iter().map(|point| point[index]).collect();
                        Enclosures { upper: lower.clone(), lower }
                    };
                    (0..*size).map(coordinate).collect()
                }
                Step::Affine(rows) => {
                    rows.iter().map(|row| row.enclosures(&nodes, points.len())).collect()
                }
                Step::Activation { input, ceilings } => {
                    let ceiling =
                        |index: usize| ceilings.as_ref().map_or(f64::INFINITY, |c| c[index]);
                    let values = nodes[*input].iter().enumerate();
                    values.map(|(index, values)| values.clipped(ceiling(index))).collect()
                }
            });
        }
        nodes
    }
}

impl Row {
    fn enclosures(&self, nodes: &[Vec<Enclosures>], points: usize) -> Enclosures {
        let mut sum = Enclosures { lower: vec![self.bias; points], upper: vec![self.bias; points] };
        for &Term { node, column, weight } in &self.terms {
            let x = &nodes[node][column];
            let (low, high) =
                if weight > 0.0 { (&x.lower, &x.upper) } else { (&x.upper, &x.lower) };
            // The product with a power of two, sign aside.
            let shifts = weight.is_normal() && weight.to_bits() << 12 == 0;
            for (sum, &x) in sum.lower.iter_mut().zip(low) {
                *sum = sum_down(*sum, product_down(weight, x, shifts));
            }
            for (sum, &x) in sum.upper.iter_mut().zip(high) {
                *sum = -sum_down(-*sum, product_down(-weight, x, shifts));
            }
        }
        sum
    }
}

impl Enclosures {
    fn clipped(&self, ceiling: f64) -> Self {
        let clip = |ends: &[f64]| ends.iter().map(|&a| a.max(0.0).min(ceiling)).collect();
        Self { lower: clip(&self.lower), upper: clip(&self.upper) }
    }

    /// The points whose interval does not lie between two bounds.
    pub fn not_inside(&self, lower: f64, upper: f64) -> Vec<usize> {
        let inside = |point: usize| lower <= self.lower[point] && self.upper[point] <= upper;
        (0..self.lower.len()).filter(|&point| !inside(point)).collect()
    }
}

/// At most `weight · x`; `shifts`: the weight is a power of two.
fn product_down(weight: f64, x: f64, shifts: bool) -> f64 {
    let product = weight * x;
    let exact = x == 0.0 || (shifts && product.is_normal());
    if exact { product } else { product.next_down() }
}

/// At most `a + b`. Source of the error term: Knuth, "The Art of Computer
/// Programming", vol. 2, section 4.2.2, theorem B.
fn sum_down(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let part = sum - a;
    let error = (a - (sum - part)) + (b - part);
    // NaN where the sum overflows.
    if error >= 0.0 { sum } else { sum.next_down() }
}

#[test]
fn sums_and_products_are_rounded_down() {
    use dashu_ratio::RBig;
    let rational = |value: f64| RBig::try_from(value).expect("a finite number");
    let numbers = [0.0, 1.0, -1.0, 0.1, -0.3, 1e16, -1e-9, 3.5, 1e6, 1e-200, -1e-320, 2.0];
    let mut rounded = 0;
    for a in numbers {
        for b in numbers {
            let shifts = [1.0, 2.0].contains(&f64::abs(a));
            for (found, exact) in [
                (sum_down(a, b), rational(a) + rational(b)),
                (product_down(a, b, shifts), rational(a) * rational(b)),
            ] {
                assert!(rational(found) <= exact, "{a} {b}: {found}");
                assert!(rational(found.next_up().next_up()) > exact, "{a} {b}: {found}");
                rounded += usize::from(rational(found) < exact);
            }
        }
    }
    assert!(rounded > 50, "{rounded}");
}
