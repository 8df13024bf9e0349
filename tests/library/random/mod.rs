//! Random tiny networks: every method against exact enumeration, and what must
//! hold for all of them.

mod agreement;
mod boxes;
pub mod build;
mod constraints;
mod export;
mod graph;
mod neurons;
mod proofs;
mod properties;
mod soundness;
mod values;
mod wide;
