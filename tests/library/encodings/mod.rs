//! What the encodings promise of one neuron and of each other: rows that hold of
//! every true point, and the strength of their relaxations.

mod cuts;
mod exactness;
mod neuron;
mod strength;

use taut::encode::{ENCODINGS, EncodingNameError, encoding, encoding_names};

#[test]
fn every_listed_name_is_found() {
    for listed in ENCODINGS {
        assert_eq!(encoding(&listed.name()).expect("a listed name").name(), listed.name());
    }
    for name in ["partition:1", "partition:3", "partition:1000"] {
        assert_eq!(encoding(name).expect("a partition").name(), name);
        assert!(encoding_names().iter().all(|listed| listed != name));
    }
}

#[test]
fn names_are_unique() {
    let mut names = encoding_names();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), encoding_names().len());
}

#[test]
fn an_unknown_name_is_refused_with_what_there_is() {
    for name in ["foo", "big-m:2", "", ":", "Partition:2"] {
        let error = encoding(name).expect_err("no encoding");
        assert!(matches!(error, EncodingNameError::Unknown { .. }), "{name}");
        assert!(error.to_string().contains("multiple-choice, partition:2, "), "{error}");
    }
    for name in ["partition", "partition:", "partition:0", "partition:x", "partition:2:2"] {
        let error = encoding(name).expect_err("no partition");
        let expected = format!(
            "unknown encoding '{name}'; expected partition:N, where N is the number of groups of \
             inputs from 1, or 'full'"
        );
        assert_eq!(error.to_string(), expected);
    }
}
