//! Random tiny networks: every method against exact enumeration, and what must
//! hold for all of them.

mod agreement;
mod build;
mod conditions;
mod exact;
mod properties;
mod soundness;
mod values;
