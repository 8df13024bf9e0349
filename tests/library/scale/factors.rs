//! Which factors the methods choose, and what these do to the numbers.

use ndarray::{arr1, arr2};
use taut::bounds::NeuronBounds;
use taut::network::{Activation, Linear, ReluGraph};
use taut::num::IntervalBox;
use taut::scale::{Balance, Equilibrate, Figures, SCALINGS, Scaled, UnitBigM, scale};

use crate::scale::interval_bounds;
use crate::scale::networks::{DEEP, Draw, nets};

#[test]
fn big_m_constants_fall() {
    // Measured by another program on one such network: sum of big-M 9740 unscaled, 200
    // by `unit`, 1660 by `equilibrate`, 284 by `balance`; largest weight behind them 80,
    // 25 and 14. Only the orders of magnitude are compared: box and biases of that
    // network are not known.
    for spread in [0.5, 0.0] {
        for seed in 0..5 {
            let graph = Draw::new(seed).network(&DEEP, spread, Activation::Relu).lower().unwrap();
            let bounds = interval_bounds(&graph);
            let figures = |scaled: Scaled| Figures::new(&scaled.graph, &scaled.bounds);
            let before = Figures::new(&graph, &bounds);
            let unit = figures(scale(&graph, &bounds, &UnitBigM));
            let equilibrate = figures(scale(&graph, &bounds, &Equilibrate));
            let balance = figures(scale(&graph, &bounds, &Balance));
            println!("{spread} {seed}\n{before:?}\n{unit:?}\n{equilibrate:?}\n{balance:?}");
            assert!((5e3..2e4).contains(&before.big_m_sum), "{before:?}");
            assert!(unit.big_m_max < 1.5 && unit.coefficient_max > 40.0, "{unit:?}");
            assert!((1e3..3e3).contains(&equilibrate.big_m_sum), "{equilibrate:?}");
            assert!((200.0..500.0).contains(&balance.big_m_sum), "{balance:?}");
            assert!((8.0..30.0).contains(&balance.coefficient_max), "{balance:?}");
            assert!(balance.big_m_sum * 10.0 <= before.big_m_sum);
        }
    }
}

/// A network of one hidden neuron, `outer · max(inner x + bias, 0)`, and one more that
/// is never active.
fn two_neurons(inner: f64, bias: f64, outer: f64) -> ReluGraph {
    let mut graph = ReluGraph::new(1);
    let first = Linear::dense(arr2(&[[inner], [1000.0]]));
    let pre = graph.affine(vec![(graph.input(), first)], arr1(&[bias, -5000.0]));
    let hidden = graph.relu(pre);
    let second = Linear::dense(arr2(&[[outer, 7e5]]));
    let output = graph.affine(vec![(hidden, second)], arr1(&[0.0]));
    graph.set_output(output);
    graph
}

#[test]
fn factors_of_one_neuron_by_hand() {
    // x in [−1, 1], a = x / 4, M = 1/4, output weight 200: 1/M = 4; √(200 · 4) = 28.3, by
    // its exponent next to 32; A = 1/4 + 1/4, √(200 / A) = 20, next to 16.
    let of = |graph: &ReluGraph| {
        let bounds = interval_bounds(graph);
        SCALINGS.iter().map(|&s| scale(graph, &bounds, s).factors[1][0]).collect::<Vec<f64>>()
    };
    assert_eq!(of(&two_neurons(0.25, 0.0, 200.0)), [4.0, 32.0, 16.0]);
    // a = x / 4 + 1, always active: U = 5/4; √(200 · 4/5) = 12.6, next to 16;
    // A = 1/4 + 1 + 5/4, √(200 / A) = 8.9, next to 8.
    assert_eq!(of(&two_neurons(0.25, 1.0, 200.0)), [1.0, 16.0, 8.0]);
}

#[test]
fn weights_do_not_grow_beyond_what_solvers_take() {
    let graph = two_neurons(0.25, 0.0, 200.0);
    let interval = interval_bounds(&graph);
    // A range of rounding errors counts as 2^-20 of its terms, here 1/4. A range of 2^99
    // gives 2^-99, but the weight behind, 200, then grows beyond 2^40: it lies below 2^8.
    for (big_m, exponent) in [(1e-17, 22), (2f64.powi(99), -32)] {
        let boxes = graph.nodes().map(|(id, _)| match id.index() {
            1 => IntervalBox::new(vec![-big_m, -1e4], vec![big_m, -1.0]).expect("a box"),
            _ => interval.of(id).clone(),
        });
        let bounds = NeuronBounds::new(boxes.collect());
        let scaled = scale(&graph, &bounds, &UnitBigM);
        assert_eq!(scaled.factors[1][0], 2f64.powi(exponent), "{big_m}");
    }
}

#[test]
fn inputs_and_outputs_keep_their_units() {
    for (widths, activation) in nets() {
        let graph = Draw::new(3).network(&widths, 0.5, activation).lower().unwrap();
        let bounds = interval_bounds(&graph);
        for &scaling in SCALINGS {
            let scaled = scale(&graph, &bounds, scaling);
            for end in [graph.input(), graph.output()] {
                assert_eq!(scaled.bounds.of(end), bounds.of(end), "{}", scaling.name());
            }
        }
    }
}
