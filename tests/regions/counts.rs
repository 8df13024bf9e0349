//! Counts equal those of the brute force, by every method that applies.

use taut::regions::{Method, RegionError, RegionOptions, count};

use crate::brute;
use crate::networks::{Case, Random, he};

fn counted(case: &Case, method: Method, threads: usize) -> Option<usize> {
    let options = RegionOptions { method, threads, ..RegionOptions::default() };
    match count(&case.problem(), &options) {
        Ok(found) => {
            let patterns = found.patterns.expect("no limit was set");
            assert!(found.exact && found.at_least == patterns);
            Some(usize::try_from(patterns).expect("a small count"))
        }
        Err(RegionError::NoInterior) => None,
        Err(error) => panic!("{error}"),
    }
}

fn compare(inputs: usize, neurons: usize, cases: u64) {
    let mut most = 0;
    for seed in 0..cases {
        let case = Random::new(seed + 1000 * inputs as u64).case(inputs, neurons);
        let expected = brute::patterns(&case);
        most = most.max(expected.unwrap_or_default());
        let free = (0..inputs).filter(|&j| case.domain.lower()[j] < case.domain.upper()[j]);
        let mut methods = vec![Method::Auto, Method::Enumerate];
        if free.count() == 2 {
            methods.push(Method::Planar);
        }
        for method in methods {
            let found = counted(&case, method, 1 + (seed % 2) as usize);
            assert_eq!(found, expected, "{inputs} inputs, seed {seed}, {method:?}");
        }
    }
    assert!(most > 2 * inputs, "the networks have regions: {most}");
}

#[test]
fn one_input_equals_brute_force() {
    compare(1, 14, 80);
}

#[test]
fn two_inputs_equal_brute_force() {
    compare(2, 14, 120);
}

#[test]
fn three_inputs_equal_brute_force() {
    compare(3, 11, 80);
}

#[test]
fn four_inputs_equal_brute_force() {
    compare(4, 9, 60);
}

#[test]
fn planar_equals_enumerate() {
    for seed in 0..20 {
        let problem = he(2, &[12, 10, 8], seed);
        let found = [Method::Planar, Method::Enumerate].map(|method| {
            let options = RegionOptions { method, ..RegionOptions::default() };
            count(&problem, &options).expect("a count").patterns.expect("no limit")
        });
        assert_eq!(found[0], found[1], "seed {seed}");
        assert!(found[0] > 20, "{found:?}");
    }
}
