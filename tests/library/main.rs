//! The library: right values, of each method against others and against exact enumeration;
//! formats, training, and what holds for every member of an open family.
//!
//! One program for all of them, because linking one is much of what a test costs.

mod corpus;
mod encodings;
mod enumerate;
mod exact;
mod floors;
mod gan;
mod json;
mod nnet;
mod npz;
mod onnx;
mod proofs;
mod prune;
mod questions;
mod random;
mod readers;
mod regions;
mod rows;
mod scale;
mod scales;
mod several_networks;
mod solvers;
mod study;
#[path = "../support/mod.rs"]
mod support;
mod tighten;
mod train;
mod train_data;
mod verify;
mod vnnlib;
