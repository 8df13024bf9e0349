//! Random tiny networks: every method against exact enumeration, and what must
//! hold for all of them.

mod agreement;
mod build;
mod constraints;
mod exact;
mod export;
#[path = "../support/highs_file.rs"]
mod highs_file;
mod properties;
mod soundness;
mod values;
