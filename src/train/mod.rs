//! Training: data, networks of trainable layers, optimisers.

pub mod data;
mod stream;

pub use stream::Stream;
