//! Training: data, networks of trainable layers, optimisers.

pub mod data;
pub mod functions;
mod stream;

pub use stream::Stream;
