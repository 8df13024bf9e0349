//! The cells that a visitor sees in the plane are the faces of a subdivision of
//! the box.

use std::ops::ControlFlow;

use taut::problem::Problem;
use taut::regions::{Cell, Method, RegionOptions, visit};

use crate::regions::networks::{Random, he};

/// Points closer than this are one vertex. The networks are small, with vertices
/// much farther apart.
const SAME: f64 = 1e-9;

fn cells(problem: &Problem, method: Method) -> Vec<Cell> {
    let mut cells = Vec::new();
    let options = RegionOptions { method, ..RegionOptions::default() };
    let found = visit(problem, &options, &mut |cell| {
        cells.push(cell.clone());
        ControlFlow::Continue(())
    });
    let patterns = found.expect("a count").patterns.expect("no limit");
    assert_eq!(patterns, cells.len() as u64);
    cells
}

fn area(polygon: &[[f64; 2]]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    polygon.iter().zip(next).map(|(p, q)| 0.5 * (p[0] * q[1] - p[1] * q[0])).sum()
}

/// `E − V + 1` of the subdivision that the edges of all cells make.
fn euler(cells: &[Cell]) -> usize {
    let near = |p: [f64; 2], q: [f64; 2]| (p[0] - q[0]).abs().max((p[1] - q[1]).abs()) < SAME;
    let polygons: Vec<&Vec<[f64; 2]>> =
        cells.iter().map(|cell| cell.vertices.as_ref().expect("a polygon")).collect();
    let mut vertices: Vec<[f64; 2]> = Vec::new();
    for &at in polygons.iter().copied().flatten() {
        if !vertices.iter().any(|&known| near(known, at)) {
            vertices.push(at);
        }
    }
    let index = |at| vertices.iter().position(|&known| near(known, at)).expect("known");
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for polygon in polygons {
        for (i, &p) in polygon.iter().enumerate() {
            let q = polygon[(i + 1) % polygon.len()];
            let way = [q[0] - p[0], q[1] - p[1]];
            let length = way[0].hypot(way[1]);
            // The vertices on this edge, in order: a neighbour may end in its middle.
            let mut on_edge: Vec<(f64, usize)> = Vec::new();
            for (k, v) in vertices.iter().enumerate() {
                let from = [v[0] - p[0], v[1] - p[1]];
                let along = (from[0] * way[0] + from[1] * way[1]) / length;
                let aside = (from[0] * way[1] - from[1] * way[0]) / length;
                if aside.abs() < SAME && along > -SAME && along < length + SAME {
                    on_edge.push((along, k));
                }
            }
            on_edge.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert_eq!(on_edge.first().map(|v| v.1), Some(index(p)));
            let pairs = on_edge.windows(2).map(|pair| (pair[0].1, pair[1].1));
            edges.extend(pairs.map(|(a, b)| (a.min(b), a.max(b))));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges.len() + 1 - vertices.len()
}

#[test]
fn cells_cover_the_box_and_satisfy_euler() {
    let mut faces = 0;
    for seed in 0..60 {
        let problem = if seed % 2 == 0 {
            he(2, &[7, 5], seed)
        } else {
            let mut case = Random::new(seed).mixed_case(2, 12, 100);
            case.constraints.clear();
            case.problem()
        };
        let box_area: f64 =
            (0..2).map(|j| problem.domain().upper()[j] - problem.domain().lower()[j]).product();
        if box_area == 0.0 {
            continue;
        }
        let cells = cells(&problem, Method::Planar);
        let areas: Vec<f64> =
            cells.iter().map(|cell| area(cell.vertices.as_ref().expect("a polygon"))).collect();
        assert!(areas.iter().all(|&area| area > 0.0), "counter-clockwise, seed {seed}");
        assert!((areas.iter().sum::<f64>() - box_area).abs() < 1e-12 * box_area.max(1.0));
        assert_eq!(euler(&cells), cells.len(), "seed {seed}");
        faces += cells.len();
    }
    assert!(faces > 500, "{faces}");
}

#[test]
fn a_cell_knows_its_pattern_and_its_map() {
    for (inputs, seed) in [(1, 1), (2, 2), (2, 3), (3, 4), (4, 5)] {
        let problem = he(inputs, &[8, 6], seed);
        for method in [Method::Auto, Method::Enumerate] {
            let mut patterns = Vec::new();
            for cell in cells(&problem, method) {
                let point = cell.point.as_slice();
                assert!(problem.domain().contains(point));
                assert_eq!(problem.graph().pattern(point), cell.pattern, "{point:?}");
                let products = cell.weights.row(0);
                let value: f64 = products.iter().zip(point).map(|(w, x)| w * x).sum();
                let expected = problem.network().evaluate_point(point)[0];
                assert!((value + cell.bias[0] - expected).abs() < 1e-12, "{value} {expected}");
                patterns.push(cell.pattern);
            }
            let count = patterns.len();
            patterns.sort_by_key(|pattern| format!("{pattern:?}"));
            patterns.dedup();
            assert_eq!(patterns.len(), count, "every cell once");
        }
    }
}

#[test]
fn fixed_inputs_are_constants() {
    // By hand: max(x0 + x1, 0) with x1 = 0.5 bends at x0 = −0.5.
    use ndarray::{arr1, arr2};
    use taut::network::{Activation, DenseLayer, Network};
    let layer = DenseLayer {
        weights: arr2(&[[1.0, 1.0]]),
        bias: arr1(&[0.0]),
        activation: Activation::Relu,
    };
    let network = Network::dense("ramp", vec![layer]).expect("a network");
    let domain = taut::num::IntervalBox::new(vec![-1.0, 0.5], vec![1.0, 0.5]).expect("a box");
    let problem = Problem::parse(network, domain, &Default::default()).expect("a problem");
    let cells = cells(&problem, Method::Auto);
    let mut maps: Vec<_> = cells.iter().map(|c| (c.weights[[0, 0]], c.bias[0])).collect();
    maps.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(maps, [(0.0, 0.0), (1.0, 0.5)]);
    assert!(cells.iter().all(|c| c.weights[[0, 1]] == 0.0 && c.point[1] == 0.5));
}
