//! `Einsum` of what depends on the input and at most one constant, such as `bij,jk->bik`.
//! <https://onnx.ai/onnx/operators/onnx__Einsum.html>
//!
//! A letter of the equation is an axis. By where it stands it is
//!
//! | of the data | of the constant | of the result | |
//! |---|---|---|---|
//! | yes | no | yes | `free`: kept |
//! | yes | yes | yes | `shared`: a matrix for each place along it |
//! | yes | yes or no | no | `summed` |
//! | no | yes | yes | `new` |
//! | no | yes | no | summed in the constant |
//!
//! With the data turned to `free, shared, 1, summed` and the constant to `shared, summed, new` it
//! is a product of matrices (`batched.rs`); with neither `summed` nor `new` one element by element.
//! `...` stands for the axes that no letter names, the last ones of those in each operand alike.

use ndarray::{ArrayD, Axis, IxDyn, arr0};

use super::dense;
use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_operand, wrong_shape};
use crate::io::onnx::lowering::Lowering;
use crate::network::LayerError;

const PRODUCT: &str = "a constant tensor of numbers: a product of two computed tensors is not \
                       piecewise linear";

/// Letters of each operand, and of the result.
struct Equation {
    operands: Vec<Vec<char>>,
    result: Vec<char>,
}

/// The letters of a product, by what becomes of them, and their lengths.
struct Product {
    free: Axes,
    shared: Axes,
    summed: Axes,
    new: Axes,
}

#[derive(Default)]
struct Axes {
    letters: Vec<char>,
    lengths: Vec<usize>,
}

impl Axes {
    fn count(&self) -> usize {
        self.lengths.iter().product()
    }
}

pub fn einsum(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let Equation { mut operands, result } = equation(call)?;
    if call.is_data(0) && call.is_data(1) {
        return Err(wrong_operand(1, call.peek(1), PRODUCT).into());
    }
    let place = usize::from(!call.is_data(0));
    let letters = operands.remove(place);
    let x = call.data(place)?;
    check(&letters, &x.shape)?;
    let (constant, weights) = match operands.pop() {
        None => (Vec::new(), arr0(1.0).into_dyn()),
        Some(constant) => (constant, call.weights(1 - place)?),
    };
    check(&constant, weights.shape())?;
    let needed = |letter: &char| letters.contains(letter) || result.contains(letter);
    let (constant, weights) = without_others(constant, weights, needed);
    let product = Product::new(&letters, &x.shape, &constant, weights.shape(), &result)?;
    let (order, lengths) = together(&[&product.shared, &product.summed, &product.new]);
    super::check_made(call, &lengths)?;
    let weights = spread(&weights, &constant, &order, &lengths);
    let (order, _) = together(&[&product.free, &product.shared, &product.summed]);
    let x = lowering.transpose(&x, &permutation(&letters, &order))?;
    let made = product.lower(lowering, &x, weights)?;
    let (order, _) = together(&[&product.free, &product.shared, &product.new]);
    lowering.transpose(&made, &permutation(&order, &result))
}

impl Product {
    fn new(
        letters: &[char],
        shape: &[usize],
        constant: &[char],
        constant_shape: &[usize],
        result: &[char],
    ) -> Result<Self, LayerError> {
        let mut product = Self {
            free: Axes::default(),
            shared: Axes::default(),
            summed: Axes::default(),
            new: Axes::default(),
        };
        for (letter, &length) in letters.iter().zip(shape) {
            let other = constant.iter().position(|l| l == letter).map(|axis| constant_shape[axis]);
            if other.is_some_and(|other| other != length) {
                let name = if *letter < OTHERS { letter.to_string() } else { "...".to_string() };
                let found = format!("axes '{name}' of {length} and {}", other.unwrap_or(0));
                return Err(wrong_shape(found, "one length"));
            }
            let axes = match (result.contains(letter), other) {
                (false, _) => &mut product.summed,
                (true, None) => &mut product.free,
                (true, Some(_)) => &mut product.shared,
            };
            axes.letters.push(*letter);
            axes.lengths.push(length);
        }
        for (letter, &length) in constant.iter().zip(constant_shape) {
            if !letters.contains(letter) {
                product.new.letters.push(*letter);
                product.new.lengths.push(length);
            }
        }
        Ok(product)
    }

    /// Of the data as `free, shared, summed` and the constant as `shared, summed, new`.
    fn lower(
        &self,
        lowering: &mut Lowering,
        x: &Data,
        weights: ArrayD<f64>,
    ) -> Result<Data, Wrong> {
        let Self { free, shared, summed, new } = self;
        if summed.letters.is_empty() && new.letters.is_empty() {
            return lowering.with_constant("Mul", x, weights);
        }
        let inner = [shared.count(), 1, summed.count()];
        let x = lowering.reshape(x, &[free.lengths.as_slice(), &inner].concat())?;
        let matrices = IxDyn(&[shared.count(), summed.count(), new.count()]);
        let flat = weights.into_raw_vec_and_offset().0;
        let matrices = ArrayD::from_shape_vec(matrices, flat).expect("as many elements");
        let made = dense::product(lowering, &x, matrices, 1)?;
        let (_, shape) = together(&[free, shared, new]);
        lowering.reshape(&made, &shape)
    }
}

fn together(axes: &[&Axes]) -> (Vec<char>, Vec<usize>) {
    let letters = axes.iter().flat_map(|axes| axes.letters.iter().copied());
    (letters.collect(), axes.iter().flat_map(|axes| axes.lengths.iter().copied()).collect())
}

/// Where each letter of an order stands.
fn permutation(letters: &[char], order: &[char]) -> Vec<usize> {
    let place = |l| letters.iter().position(|other| other == l).expect("a letter of it");
    order.iter().map(place).collect()
}

/// The constant without the axes that nobody needs: summed over them.
fn without_others(
    mut letters: Vec<char>,
    mut weights: ArrayD<f64>,
    needed: impl Fn(&char) -> bool,
) -> (Vec<char>, ArrayD<f64>) {
    while let Some(axis) = letters.iter().position(|letter| !needed(letter)) {
        weights = weights.sum_axis(Axis(axis));
        letters.remove(axis);
    }
    (letters, weights)
}

/// The constant with axes in the given order, and the same along those that it does not have.
fn spread(
    weights: &ArrayD<f64>,
    letters: &[char],
    order: &[char],
    lengths: &[usize],
) -> ArrayD<f64> {
    let own: Vec<usize> =
        order.iter().filter_map(|l| letters.iter().position(|other| other == l)).collect();
    let mut turned = weights.view().permuted_axes(IxDyn(&own));
    for (axis, letter) in order.iter().enumerate() {
        if !letters.contains(letter) {
            turned = turned.insert_axis(Axis(axis));
        }
    }
    let spread = turned.broadcast(IxDyn(lengths)).expect("lengths of the letters");
    // An owned copy has the order of the axes.
    ArrayD::from_shape_vec(IxDyn(lengths), spread.iter().copied().collect()).expect("all of them")
}

/// The equation, for one or two operands, each letter once in each. What `...` stands for are
/// letters of their own.
fn equation(call: &mut Call) -> Result<Equation, LayerError> {
    let text = call.text("equation", "")?;
    let refused = |expected: &str| wrong_attribute("equation", format!("'{text}'"), expected);
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (text.as_str(), None),
    };
    let terms = left.split(',').map(term).collect::<Option<Vec<Term>>>();
    let terms = terms.ok_or_else(|| refused(LETTERS))?;
    let others =
        |index: usize, term: &Term| term.others(call.peek(index).shape().unwrap_or_default().len());
    let most = terms.iter().enumerate().map(|(index, term)| others(index, term)).max();
    let unnamed: Vec<char> = (OTHERS..).take(most.unwrap_or(0)).collect();
    let operands: Vec<Vec<char>> = terms
        .iter()
        .enumerate()
        .map(|(index, term)| term.letters(&unnamed[unnamed.len() - others(index, term)..]))
        .collect();
    let all: Vec<char> = operands.concat();
    let result = match right {
        Some(right) => {
            let result = term(right).ok_or_else(|| refused(LETTERS))?;
            if result.back.is_none() && !unnamed.is_empty() {
                return Err(refused("'...' in the result too"));
            }
            result.letters(&unnamed)
        }
        None => {
            // Those of `...`, then the letters that stand once, in their order.
            let once = |l: &&char| {
                !unnamed.contains(l) && all.iter().filter(|other| other == l).count() == 1
            };
            let mut named: Vec<char> = all.iter().filter(once).copied().collect();
            named.sort_unstable();
            [unnamed, named].concat()
        }
    };
    let once = |letters: &Vec<char>| {
        letters.iter().enumerate().all(|(place, letter)| !letters[..place].contains(letter))
    };
    let is_read = operands.len() == call.count()
        && (1..=2).contains(&operands.len())
        && operands.iter().chain([&result]).all(once)
        && result.iter().all(|letter| all.contains(letter));
    match is_read {
        true => Ok(Equation { operands, result }),
        false => Err(refused("one or two operands, each letter once in each and in the result")),
    }
}

const LETTERS: &str = "letters, and '...' at most once in a term";

/// The first of the letters for what `...` stands for: no equation has them.
const OTHERS: char = '\u{e000}';

/// The letters of an operand or of the result, in front of `...` and behind it.
struct Term {
    front: Vec<char>,
    /// `None` without `...`.
    back: Option<Vec<char>>,
}

fn term(text: &str) -> Option<Term> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (front, back) = match text.split_once("...") {
        Some((front, back)) => (front, Some(back)),
        None => (text.as_str(), None),
    };
    let letters = |part: &str| -> Option<Vec<char>> {
        part.chars().map(|c| c.is_ascii_alphabetic().then_some(c)).collect()
    };
    Some(Term {
        front: letters(front)?,
        back: back.map(letters).map_or(Some(None), |b| b.map(Some))?,
    })
}

impl Term {
    /// How many axes `...` stands for in a tensor of so many.
    fn others(&self, rank: usize) -> usize {
        match &self.back {
            None => 0,
            Some(back) => rank.saturating_sub(self.front.len() + back.len()),
        }
    }

    /// With the letters that `...` stands for.
    fn letters(&self, others: &[char]) -> Vec<char> {
        match &self.back {
            None => self.front.clone(),
            Some(back) => [&self.front, others, back].concat(),
        }
    }
}

fn check(letters: &[char], shape: &[usize]) -> Result<(), LayerError> {
    match letters.len() == shape.len() {
        true => Ok(()),
        false => {
            let found = format!("{} letters for a tensor of shape {shape:?}", letters.len());
            Err(wrong_shape(found, "one an axis"))
        }
    }
}
