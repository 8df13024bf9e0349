//! Training: data, networks of trainable layers, optimisers.

pub mod calculated;
pub mod data;
pub mod functions;
pub mod metrics;
mod one_or_each;
mod stream;

pub use one_or_each::OneOrEach;
pub use stream::Stream;
